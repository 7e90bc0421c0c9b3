/** A lint rule for tests: what a test expects or compares is not what a clock said, because machines differ in speed and midnight comes. */

/** A node of the syntax tree (ESTree). */
type Node = { type: string; parent?: Node; [field: string]: any };
type Variable = { identifiers: Node[] };
type Scope = { variables: Variable[]; references: { identifier: Node; resolved: Variable | null }[] };
type Context = {
  sourceCode: { scopeManager: { scopes: Scope[] }; visitorKeys: Record<string, string[]> };
  report(problem: { node: Node; message: string }): void;
};

const MESSAGE =
  'A test asserts nothing about time. Wait for an event, hold the clock (test/support/hold-time.ts), or take the moment from data.';
const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '===', '!=', '!==']);
/** Methods that put their arguments into what they are called on. */
const KEEPING = new Set(['push', 'unshift', 'set', 'add']);
/** Functions that compute their result from their arguments alone. */
const COMPUTING = /^(Math|Number|String|BigInt|Object|Array|Promise|JSON|Date)$/;

/** The fields of each type of node whose value becomes a part of the node's value. */
const PARTS: Record<string, string[]> = {
  BinaryExpression: ['left', 'right'],
  LogicalExpression: ['left', 'right'],
  ConditionalExpression: ['consequent', 'alternate'],
  UnaryExpression: ['argument'],
  AwaitExpression: ['argument'],
  SpreadElement: ['argument'],
  TSAsExpression: ['expression'],
  TSNonNullExpression: ['expression'],
  TSSatisfiesExpression: ['expression'],
  ChainExpression: ['expression'],
  TemplateLiteral: ['expressions'],
  ArrayExpression: ['elements'],
  ObjectExpression: ['properties'],
  Property: ['value'],
  MemberExpression: ['object'],
  AssignmentExpression: ['right'],
  ReturnStatement: ['argument'],
};

const isFunction = ({ type }: Node) => /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(type);
const nameOf = (node: Node | undefined): string => (node?.type === 'Identifier' ? node['name'] : '');
const propertyOf = (node: Node): string => (node.type === 'MemberExpression' ? nameOf(node['property']) : '');

/** Whether a node reads a clock: `Date.now`, `performance.now`, `process.hrtime`, `new Date()`. */
function readsClock(node: Node): boolean {
  if (node.type === 'NewExpression') return nameOf(node['callee']) === 'Date' && node['arguments'].length === 0;
  return /^((Date|performance)\.now|process\.hrtime)$/.test(`${nameOf(node['object'])}.${propertyOf(node)}`);
}

/** The nodes directly in a node. */
function childrenOf(node: Node, keys: Record<string, string[]>): Node[] {
  return (keys[node.type] ?? []).flatMap((key) => node[key] ?? []).filter((child: Node | null) => child !== null);
}

/** A node and all that is in it. `into`: which nodes to look into. */
function* inside(node: Node, keys: Record<string, string[]>, into: (node: Node) => boolean = () => true): Generator<Node> {
  yield node;
  for (const child of childrenOf(node, keys)) if (into(child)) yield* inside(child, keys, into);
}

/** Finds in a file what is of a clock: what was read from it, computed from that, or kept with it. */
function createFinder(program: Node, { scopeManager, visitorKeys }: Context['sourceCode']) {
  const variables = new Map<Node, Variable>();
  for (const scope of scopeManager.scopes) {
    for (const variable of scope.variables) for (const identifier of variable.identifiers) variables.set(identifier, variable);
    for (const { identifier, resolved } of scope.references) if (resolved) variables.set(identifier, resolved);
  }
  const tainted = new Set<Variable>();
  const isTainted = (node: Node): boolean => tainted.has(variables.get(node) as Variable);

  const returned = (node: Node): Node[] =>
    node['body'].type === 'BlockStatement'
      ? [...inside(node['body'], visitorKeys, (inner) => !isFunction(inner))].filter(({ type }) => type === 'ReturnStatement')
      : [node['body']];

  const ofClock = (node: Node | null | undefined): boolean => {
    if (!node) return false;
    if (readsClock(node) || isTainted(node)) return true;
    if (isFunction(node)) return returned(node).some(ofClock);
    if (node.type === 'CallExpression' || node.type === 'NewExpression') {
      const { callee } = node as { callee: Node } & Node;
      const computes = COMPUTING.test(nameOf(callee['object']) || nameOf(callee));
      return ofClock(callee) || (computes && node['arguments'].some(ofClock));
    }
    return (PARTS[node.type] ?? []).flatMap((part) => node[part]).some(ofClock);
  };

  /** What holds a value of a clock after this node. */
  const keeps = (node: Node): Node | undefined => {
    if (node.type === 'VariableDeclarator' && ofClock(node['init'])) return node['id'];
    if (node.type === 'AssignmentExpression' && ofClock(node['right'])) return node['left'];
    if (node.type === 'ForOfStatement' && ofClock(node['right'])) return node['left'];
    if (node.type === 'FunctionDeclaration' && ofClock(node)) return node['id'];
    if (node.type === 'CallExpression' && KEEPING.has(propertyOf(node['callee'])) && node['arguments'].some(ofClock))
      return node['callee'].object;
    return undefined;
  };
  const nodes = [...inside(program, visitorKeys)];
  for (let before = -1; before < tainted.size;) {
    before = tainted.size; // until nothing more is found: a function may stand below its callers
    for (const node of nodes.flatMap((each) => keeps(each) ?? []).flatMap((pattern) => [...inside(pattern, visitorKeys)])) {
      const variable = variables.get(node);
      if (variable) tainted.add(variable);
    }
  }
  /** Whether an expectation of this value is one of a clock: also where a clock only says what to look up, as the key of a day. */
  const asserts = (node: Node) => ofClock(node) || [...inside(node, visitorKeys)].some(readsClock);
  return { ofClock, asserts };
}

/** Whether a call is `expect(…)`, `expect.poll(…)`, or a matcher of them. */
function isExpectation({ callee }: Node): boolean {
  let node: Node = callee;
  while (node.type === 'MemberExpression' || node.type === 'CallExpression') node = node['object'] ?? node['callee'];
  return nameOf(node) === 'expect';
}

/** The rule. It follows values through variables, functions and collections of one file. */
const noClock = {
  create(context: Context) {
    let finder: ReturnType<typeof createFinder>;
    const report = (node: Node) => context.report({ node, message: MESSAGE });
    return {
      Program: (program: Node) => void (finder = createFinder(program, context.sourceCode)),
      BinaryExpression(node: Node) {
        if (COMPARISONS.has(node['operator']) && (finder.ofClock(node['left']) || finder.ofClock(node['right']))) report(node);
      },
      CallExpression(node: Node) {
        if (isExpectation(node) && node['arguments'].some(finder.asserts)) report(node);
      },
    };
  },
};

export default { meta: { name: 'tests' }, rules: { 'no-clock': noClock } };
