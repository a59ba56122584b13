/** What brokers take as a topic's name. */
export const isTopicName = (name: string): boolean =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..';

export const TOPIC_NAME_HINT = 'Use up to 249 letters, digits, dots, underscores and hyphens.';

/** Whether a topic is the engine's own: commands, schemas, repartitions, changelogs. What others write there damages it. */
export const isInternalTopic = (name: string): boolean => /^_weir[-_]/.test(name);
