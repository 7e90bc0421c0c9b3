/**
 * Makes elements. Texts become text nodes, so nothing that a model or a user has written is ever
 * read as HTML.
 */

/** What stands in an element: other nodes, or texts. What is undefined or false is left out. */
export type Child = Node | string | number | undefined | false;

/**
 * Attributes by their names; functions are listeners of the event that they are named after, such
 * as `click`.
 */
export type Attributes = Record<string, string | number | boolean | undefined | ((event: Event) => void)>;

/**
 * Makes an element. An attribute that is `true` is there without a value; one that is undefined or
 * false is not there.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...nodesOf(children));
  return made;
}

/** Puts these children in place of those that an element has. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...nodesOf(children));
}

/** Changes the text of an element that has nothing else in it. The same text touches nothing, so that a selection stays. */
export function setText(node: Element, text: string): void {
  const first = node.firstChild;
  if (!(first instanceof Text)) node.textContent = text;
  else if (first.data !== text) first.data = text;
}

/** Finds an element that the page's HTML has. */
export function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

function nodesOf(children: Child[]): (Node | string)[] {
  return children.flatMap((child) => (child === undefined || child === false ? [] : [typeof child === 'number' ? String(child) : child]));
}
