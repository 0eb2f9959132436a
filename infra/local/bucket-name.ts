/** The bucket of the local cloud. */
export const LOCAL_BUCKET = 'urldrop';
