import { taxiflowSuite } from './taxiflow.suite.js';

taxiflowSuite('TaxiFlow on the embedded log', () => undefined);
