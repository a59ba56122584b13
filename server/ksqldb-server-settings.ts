/**
 * Settings of ksqlDB that say who may do what, each with what to set in its place. Weir does not know them. To start without
 * them would let in those whom the file keeps out.
 */
export const PROTECTING: readonly { readonly prefix: string; readonly instead: string }[] = [
  { prefix: 'authentication.', instead: 'Name who may sign in with weir.auth.users, as user:password pairs.' },
  { prefix: 'ksql.authorization.', instead: 'Weir has users, and no rights of users: take the setting out.' },
  { prefix: 'ksql.access.validator.', instead: 'Weir has users, and no rights of users: take the setting out.' },
  { prefix: 'ksql.security.', instead: 'Weir takes no extensions: name who may sign in with weir.auth.users.' },
  { prefix: 'ksql.authentication.', instead: 'Weir takes no extensions: name who may sign in with weir.auth.users.' },
];

/** In the environment of ksqlDB's images: for the JVM and its scripts, and no settings. */
export const OF_THE_IMAGE: ReadonlySet<string> = new Set(
  `KSQL_OPTS KSQL_HEAP_OPTS KSQL_JVM_PERFORMANCE_OPTS KSQL_JMX_OPTS KSQL_JMX_PORT KSQL_JMX_HOSTNAME KSQL_LOG4J_OPTS
  KSQL_LOG4J_ROOT_LOGLEVEL KSQL_LOG4J_LOGGERS KSQL_LOG4J_PROCESSING_LOG_BROKERLIST KSQL_LOG4J_PROCESSING_LOG_TOPICNAME
  KSQL_CLASSPATH KSQL_CONFIG_DIR KSQL_GC_LOG_OPTS KSQL_HOME KSQL_LOG_DIR KSQL_DEBUG KSQL_VERSION`.split(/\s+/),
);
