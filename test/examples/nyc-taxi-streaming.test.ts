import { nycTaxiStreamingSuite } from './nyc-taxi-streaming.suite.js';

nycTaxiStreamingSuite('NYC taxi streaming on the embedded log', () => undefined);
