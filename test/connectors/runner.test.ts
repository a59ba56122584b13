import { embeddedNode } from '../runtime/nodes.js';
import { runnerSuite } from './runner.suite.js';

runnerSuite('connectors on the embedded log', () => embeddedNode());
