/** The subscribers of the push benchmark, in a process of their own. */
import { PushClients, type PushClientsOptions } from './clients.js';

let clients: PushClients | undefined;
process.on('message', (message: PushClientsOptions | 'counts' | 'wake') => {
  if (message === 'wake') clients?.wakeStalled();
  else if (message === 'counts') {
    const { latencies } = clients!;
    process.send!({
      ...clients!.counts(),
      p50: latencies.quantile(0.5),
      p99: latencies.quantile(0.99),
      max: latencies.max,
      cpu: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
    });
  } else {
    clients = new PushClients(message);
    clients.open().then(
      () => process.send!('open'),
      (e: unknown) => {
        console.error(e);
        process.exit(1);
      },
    );
  }
});
