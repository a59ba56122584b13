/** The Avro schemas of the original's producers. A dotted name is a namespace and a name. */

const key = (name: string) => ({ type: 'record', name: `${name}.key`, fields: [{ name: 'timestamp', type: 'long' }] });
const nullable = (name: string, type: string) => ({ name, type: ['null', type], default: null });

export const SCHEMAS = {
  arrival: {
    key: key('arrival'),
    value: {
      type: 'record',
      name: 'arrival.value',
      fields: [
        { name: 'station_id', type: 'int' },
        { name: 'train_id', type: 'string' },
        { name: 'direction', type: 'string' },
        { name: 'line', type: 'int' },
        { name: 'train_status', type: 'int' },
        nullable('prev_station_id', 'int'),
        nullable('prev_direction', 'string'),
      ],
    },
  },
  turnstile: {
    key: key('turnstile'),
    value: {
      type: 'record',
      name: 'turnstile.value',
      fields: [
        { name: 'station_id', type: 'int' },
        { name: 'station_name', type: 'string' },
        nullable('line', 'string'),
      ],
    },
  },
  weather: {
    key: key('weather'),
    value: {
      type: 'record',
      name: 'weather.value',
      fields: [
        { name: 'temperature', type: 'float' },
        { name: 'status', type: 'string' },
      ],
    },
  },
};
