/** What an error says, for a log line. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));
