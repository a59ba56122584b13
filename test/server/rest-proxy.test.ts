import { restProxySuite } from './rest-proxy.suite.js';

restProxySuite('the REST Proxy on the embedded log', () => ({}));
