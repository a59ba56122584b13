import { embeddedNode } from './nodes.js';
import { resumeSuite } from './resume.suite.js';

resumeSuite('RESUME on the embedded log', () => embeddedNode());
