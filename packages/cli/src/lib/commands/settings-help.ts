/** Where every command looks for its settings, for the end of its help. */
export const SETTINGS_HELP = `Settings come from flags, then from the environment, then from .gwh, where \`gwh dev\` was started in this folder. A
file .env is not read: load it with \`set -a; . ./.env\`.`
