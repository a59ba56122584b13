import { badRecordSuite } from './bad-records.suite.js';
import { embeddedNode } from './nodes.js';

badRecordSuite('bad records on the embedded log', () => embeddedNode());
