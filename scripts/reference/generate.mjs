// The options reference, docs/reference: generated from the docstrings of every public entry point.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Application, Converter, ReferenceType, ReflectionKind } from 'typedoc'
import { ModuleRouter } from 'typedoc-plugin-markdown'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every public entry point: its import specifier and its source. */
export function listEntryPoints() {
  return (
    readdirSync(`${root}packages`)
      // Exports shared by several packages are documented once, on the page that is converted first: core's.
      .sort((one, other) => Number(other === 'core') - Number(one === 'core') || (one < other ? -1 : 1))
      .flatMap((folder) => {
        const manifest = JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8'))
        return Object.entries(manifest.exports)
          .filter(([, target]) => typeof target === 'object')
          .map(([path, target]) => ({
            specifier: manifest.name + path.slice(1),
            source: `${root}packages/${folder}/${target['@gwh/source'].slice(2)}`,
          }))
      })
  )
}

/** One flat file per entry point: `@gwh/core/store` becomes `core-store.md`. */
class EntryPointRouter extends ModuleRouter {
  getIdealBaseName(reflection) {
    return reflection.kind === ReflectionKind.Module
      ? reflection.name.replace('@gwh/', '').replaceAll('/', '-')
      : super.getIdealBaseName(reflection)
  }
}

/**
 * Writes the reference into `folder`, in place of what was there. Resolves to the exports and options without a
 * docstring; rejects when a docstring has a broken link.
 */
export async function generateReference(folder) {
  const entries = listEntryPoints()
  const app = await Application.bootstrapWithPlugins(optionsFor(folder, entries))
  app.renderer.defineRouter('entry-point', EntryPointRouter)
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    nameModules(project, entries)
    nameErrorCodes(project)
    nameParameters(project)
  })
  const project = await app.convert()
  if (project) app.validate(project)
  if (project) await app.generateOutputs(project)
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('typedoc reported problems; see above')
  }
  return listUndocumented(project)
}

function optionsFor(folder, entries) {
  return {
    entryPoints: entries.map(({ source }) => source),
    tsconfig: `${root}scripts/reference/tsconfig.json`,
    plugin: ['typedoc-plugin-markdown'],
    outputs: [{ name: 'markdown', path: folder }],
    router: 'entry-point',
    name: 'Reference',
    readme: `${root}scripts/reference/introduction.md`,
    mergeReadme: true,
    logLevel: 'Warn',
    // `p typecheck` checks the types, each package under its own runtime's; here all are read as one program.
    skipErrorChecking: true,
    validation: { notExported: false, invalidLink: true },
    // A page must not depend on the machine or the commit it was made from.
    disableSources: true,
    disableGit: true,
    excludeExternals: true,
    sort: ['kind', 'required-first', 'alphabetical'],
    groupOrder: ['Functions', 'Interfaces', 'Classes', 'Type Aliases', 'Variables'],
    hideGenerator: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    indexFormat: 'table',
    parametersFormat: 'table',
    classPropertiesFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    // Defaults are in the docstrings, with their units.
    tableColumnSettings: {
      hideDefaults: true,
      hideInherited: true,
      hideOverrides: true,
      hideModifiers: true,
    },
  }
}

/** Names each module by its import specifier. */
function nameModules(project, entries) {
  const specifiers = new Map(entries.map(({ specifier, source }) => [source, specifier]))
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    module.name = specifiers.get(project.getSymbolIdFromReflection(module)?.fileName) ?? module.name
  }
}

/** Writes the name of the error code type where the compiler lists every code. */
function nameErrorCodes(project) {
  const alias = project
    .getReflectionsByKind(ReflectionKind.TypeAlias)
    .find(({ name }) => name === 'WebhookErrorCode')
  for (const reflection of Object.values(project.reflections)) {
    const members = reflection.type?.type === 'union' ? reflection.type.types : []
    if (members.some(({ value }) => value === 'signature_invalid')) {
      reflection.type = ReferenceType.createResolvedReference(alias.name, alias, project)
    }
  }
}

/** Exports, and properties of exported options, without a docstring. */
function listUndocumented(project) {
  return Object.values(project.reflections)
    .filter((reflection) => !reflection.kindOf(ReflectionKind.Reference))
    .filter(({ parent }) => parent?.kindOf(ReflectionKind.Module) || isOptions(parent))
    .filter((reflection) => !isDocumented(reflection))
    .map((reflection) => reflection.getFullName())
}

const isOptions = (reflection) =>
  reflection?.kindOf(ReflectionKind.Interface) && reflection.name.endsWith('Options')

function isDocumented({ comment, signatures, type }) {
  const callable = signatures ?? type?.declaration?.signatures
  return Boolean(comment ?? callable?.every((signature) => signature.comment))
}

/** Gives a destructured parameter the name a reader expects. */
function nameParameters(project) {
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    if (parameter.name === '__namedParameters') parameter.name = 'options'
  }
}
