/** Settings that ksqlDB's documentation names and Weir has no use for: files and scripts that were ksqlDB's may keep them. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  `idle.connection.timeout.ms state.dir metric.reporters metrics.num.samples metrics.sample.window.ms ui.enabled
  response.http.headers.config access.control.allow.methods access.control.allow.headers access.control.skip.options
  ksql.assert.schema.default.timeout.ms ksql.assert.topic.default.timeout.ms ksql.cast.strings.preserve.nulls
  ksql.connect.worker.config ksql.connect.error.handler.class
  ksql.create.or.replace.enabled ksql.endpoint.logging.ignored.paths.regex ksql.endpoint.logging.log.queries
  ksql.error.classifier.regex.prefix ksql.extension.dir ksql.fail.on.deserialization.error ksql.fail.on.production.error
  ksql.heartbeat.check.interval.ms ksql.heartbeat.discovery.interval.ms ksql.heartbeat.missed.threshold.ms
  ksql.heartbeat.thread.pool.size ksql.hidden.topics ksql.readonly.topics ksql.internal.listener
  ksql.internal.topic.min.insync.replicas ksql.internal.topic.replicas ksql.lambdas.enabled
  ksql.logging.server.rate.limited.request.paths ksql.logging.server.rate.limited.response.codes
  ksql.logging.server.skipped.response.codes ksql.metrics.extension ksql.metrics.tags.custom ksql.nested.error.set.null
  ksql.persistent.prefix ksql.properties.overrides.denylist
  ksql.query.cleanup.shutdown.timeout.ms ksql.query.error.max.queue.size ksql.query.persistent.active.limit
  ksql.query.persistent.max.bytes.buffering.total ksql.query.pull.consistency.token.enabled
  ksql.query.pull.enable.metrics ksql.query.pull.interpreter.enabled 
  ksql.query.pull.max.concurrent.requests ksql.query.pull.max.hourly.bandwidth.megabytes ksql.query.pull.max.qps
  ksql.query.pull.metrics.enabled ksql.query.pull.router.thread.pool.size
  ksql.query.pull.skip.access.validator ksql.query.pull.stream.enabled ksql.query.pull.thread.pool.size
  ksql.query.push.v2.alos.enabled ksql.query.push.v2.catchup.consumer.msg.window 
  ksql.query.push.v2.interpreter.enabled ksql.query.push.v2.latest.reset.age.ms
  ksql.query.push.v2.max.catchup.consumers ksql.query.push.v2.max.hourly.bandwidth.megabytes
  ksql.query.push.v2.metrics.enabled ksql.query.push.v2.new.latest.delay.ms ksql.query.push.v2.registry.installed
  ksql.query.push.v2.continuation.tokens.max.age ksql.query.retry.backoff.initial.ms ksql.query.retry.backoff.max.ms
  ksql.query.status.running.threshold.seconds ksql.query.transient.max.bytes.buffering.total
  ksql.rowpartition.rowoffset.enabled ksql.runtime.feature.shared.enabled ksql.server.command.blocking.timeout.ms
  ksql.server.command.response.timeout.ms ksql.server.command.topic.rate.limit ksql.server.error.messages
  ksql.server.exception.uncaught.handler.enable ksql.server.install.dir ksql.server.preconditions
  ksql.server.websockets.num.threads ksql.shared.runtimes.count ksql.shutdown.timeout.ms
  ksql.sink.window.change.log.additional.retention ksql.source.table.materialization.enabled
  ksql.suppress.buffer.size.bytes ksql.suppress.enabled ksql.transient.prefix
  ksql.transient.query.cleanup.service.enable ksql.transient.query.cleanup.service.initial.delay.seconds
  ksql.transient.query.cleanup.service.period.seconds ksql.udf.collect.metrics ksql.udf.enable.security.manager
  ksql.udfs.enabled ksql.variable.substitution.enable ksql.verticle.instances ksql.websocket.connection.max.timeout.ms
  ksql.worker.pool.size ksql.wrap.single.values ksql.insert.into.values.enabled ksql.json_sr.converter.deserializer.enabled
  ksql.schema.registry.basic.auth.credentials.source`.split(/\s+/),
);

/** Settings of Kafka's clients and Streams that scripts for ksqlDB SET by their bare names: a SET of them has no effect. */
export const KAFKA_NAMES: ReadonlySet<string> = new Set(
  `acceptable.recovery.lag acks batch.size buffer.memory buffered.records.per.partition client.id
  default.deserialization.exception.handler default.production.exception.handler default.timestamp.extractor
  delivery.timeout.ms enable.idempotence fetch.max.bytes fetch.max.wait.ms fetch.min.bytes heartbeat.interval.ms
  isolation.level linger.ms max.block.ms max.partition.fetch.bytes max.poll.interval.ms max.poll.records
  max.request.size max.warmup.replicas metadata.max.age.ms metrics.recording.level poll.ms
  probing.rebalance.interval.ms receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms
  repartition.purge.interval.ms replication.factor request.timeout.ms retries retry.backoff.ms rocksdb.config.setter
  send.buffer.bytes session.timeout.ms socket.connection.setup.timeout.ms state.dir task.timeout.ms
  topology.optimization transaction.timeout.ms upgrade.from windowstore.changelog.additional.retention.ms
  application.id application.server check.crcs client.dns.lookup client.rack security.protocol`.split(/\s+/),
);
