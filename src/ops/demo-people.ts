/** The people of the demo network. */
export const DEMO_PEOPLE = [
  { username: 'ada', name: 'Ada', bio: 'Weaves algebraical patterns.' },
  { username: 'grace', name: 'Grace', bio: 'Keeps a nanosecond on her desk.' },
  { username: 'alan', name: 'Alan', bio: 'Long-distance runner.' },
  { username: 'edsger', name: 'Edsger', bio: 'Fountain pens and short paths.' },
  { username: 'barbara', name: 'Barbara', bio: 'Substitutes freely.' },
  { username: 'ken', name: 'Ken', bio: 'Small tools.' },
  { username: 'margaret', name: 'Margaret', bio: 'Prints everything out and stacks it.' },
  { username: 'donald', name: 'Donald', bio: 'Volume four is coming along.' },
  { username: 'radia', name: 'Radia', bio: 'Trees without loops.' },
  { username: 'leslie', name: 'Leslie', bio: 'What happened before what?' },
] as const;

/** Who follows whom: owner, friends, noise. */
export const DEMO_FOLLOWS: readonly [string, readonly string[], readonly string[]][] = [
  ['ada', ['grace', 'alan', 'margaret', 'radia'], ['donald', 'ken']],
  ['grace', ['ada', 'margaret', 'barbara'], ['ken']],
  ['alan', ['ada', 'edsger', 'leslie'], ['donald']],
  ['edsger', ['donald', 'leslie'], ['alan']],
  ['barbara', ['ada', 'grace', 'leslie', 'radia'], ['ken']],
  ['ken', ['donald', 'grace'], ['edsger']],
  ['margaret', ['ada', 'grace', 'barbara', 'radia'], []],
  ['donald', ['ada', 'edsger', 'alan', 'ken'], []],
  ['radia', ['ada', 'leslie', 'margaret'], ['donald']],
  ['leslie', ['edsger', 'barbara', 'radia'], ['ada']],
];

/** What they have to say, oldest first: author, text. */
export const DEMO_POSTS: readonly [string, string][] = [
  ['ken', 'One program, one job.'],
  ['donald', 'Beware of bugs in the above code; it has only been proven correct. (An old joke of mine.)'],
  ['radia', 'A network that heals itself is like a good party: nobody notices who left. @leslie'],
  ['leslie', 'If a machine you never heard of can stop your work, you have a distributed system.'],
  ['margaret', 'The stack of listings is as tall as I am now.'],
  [
    'grace',
    'Found a moth in the relay. Taped it into the log book. @margaret you would have liked this one.',
  ],
  ['alan', 'Ran to the seaside and back. Thought about oracles on the way.'],
  ['edsger', 'Worked out the shortest way to the café, without pencil and paper.'],
  ['barbara', 'Abstraction is knowing what you may forget.'],
  ['ada', 'Good morning! The engine has no pretensions to originate anything, but @grace and I do. ☕'],
];
