export { nearestName, unknownName } from '../job/nearest-name.ts';
