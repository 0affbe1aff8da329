/**
 * The house as a checked file: each module may import only from modules above it in this list, nobody from a module's
 * sub-folders, and there are no cycles.
 */
const ORDER = [
  'platform',
  'users',
  'auth',
  'relationships',
  'posts',
  'activities',
  'fanout',
  'feeds',
  'ops',
  'app',
];

const inModules = (names) => `^src/(${names.join('|')})/`;

const downward = ORDER.slice(0, -1).map((name, index) => ({
  name: `${name}-knows-nobody-below`,
  comment: `src/${name} may import only from: ${ORDER.slice(0, index).join(', ') || 'nobody'}`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: inModules(ORDER.slice(index + 1)) },
}));

/** A module's root files are its public face; what lies deeper is its own. The platform's folders are its rooms, one level down. */
const privacy = ORDER.filter((name) => name !== 'platform').map((name) => ({
  name: `${name}-keeps-its-rooms`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${name}/` },
  to: { path: `^src/${name}/[^/]+/` },
}));

module.exports = {
  forbidden: [
    ...downward,
    ...privacy,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'known-modules-only',
      comment: 'A new module takes its place in the order above.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: inModules(ORDER) },
      to: {},
    },
    {
      name: 'no-test-code',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'declared-packages-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: 'node_modules/(@types|fastify)/',
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
