// The answer with its numbered chips, and the source beside it.
//
// Everything that comes in `data` was written by others. It becomes text nodes and attribute values of elements
// made here, never markup. A piece is a string, or {tag, raw} for a character that would act: its tag is shown, and
// the character itself stays in the document, hidden, so that what is marked is the quote to the letter.

const views = new WeakMap();

const LONGEST_KEPT = 24;

export default function (component) {
  const { parentElement: root, data, setTriggerValue } = component;
  const view = views.get(root) ?? makeView(root);
  views.set(root, view);
  view.askForMore = (id) => setTriggerValue("more", id);
  update(view, data);
}

function makeView(root) {
  const find = (name) => root.querySelector("." + name);
  const names = ["answer", "hint", "panel", "place", "previous", "next", "close", "critic", "facts", "review", "more"];
  const view = Object.fromEntries(names.map((name) => [name, find(name)]));
  Object.assign(view, { frame: find("pullquote"), chips: [], sources: [], open: null, answered: null });
  view.previous.onclick = () => step(view, -1);
  view.next.onclick = () => step(view, 1);
  view.close.onclick = () => close(view);
  view.more.onclick = () => view.askForMore(view.open);
  view.frame.onkeydown = (event) => {
    if (event.key === "Escape" && view.open !== null) close(view);
  };
  return view;
}

function update(view, data) {
  view.sources = data.sources;
  view.hint.hidden = view.open !== null || data.sources.length === 0;
  const answered = JSON.stringify({ ...data, sources: data.sources.map((one) => one.id) });
  if (answered !== view.answered) {
    view.answered = answered;
    view.chips = [];
    view.answer.replaceChildren(...body(view, data));
    hidePanel(view);
  } else if (view.open !== null) {
    widen(view);
  }
}

// ── the answer ───────────────────────────────────────────────────────────────────────────────────

function body(view, data) {
  if (data.blocks) return data.blocks.flatMap((block) => blockOf(view, block));
  const claims = data.claims.map((claim) => paragraph(view, claim));
  if (data.status === "abstained") return [...abstention(data), ...nearest(view, data.nearest)];
  if (data.status === "partial") claims.push(element("p", "note", words(data.reason)));
  return claims;
}

function paragraph(view, claim) {
  const line = element("p", "claim " + claim.kind);
  for (const segment of claim.segments) {
    if (segment.chip) keepTogether(line, chip(view, segment.chip));
    else if (segment.quote) line.append("“", element("bdi", "quoted", words(segment.quote)), "”");
    else if (segment.name) line.append(element("bdi", "", words(segment.name)));
    else line.append(...words(segment.text));
  }
  return line;
}

function abstention(data) {
  return [element("h2", "silent", ["The reviews don’t say."]), element("p", "reason", words(data.reason))];
}

function nearest(view, passages) {
  if (passages.length === 0) return [];
  const list = element("ul", "nearest");
  for (const passage of passages) {
    const quote = element("bdi", "quoted", words(passage.quote));
    const who = element("bdi", "", words(passage.who));
    const from = element("span", "from", [who]);
    keepTogether(from, chip(view, passage.chip));
    list.append(element("li", "", ["“", quote, "”", from]));
  }
  const lead = "The nearest passages. They do not answer the question:";
  return [element("p", "lead", [lead]), list];
}

// ── cards: an aspect with its bars and quotes ────────────────────────────────────────────────────

function blockOf(view, block) {
  if (block.block === "claims") return block.claims.map((claim) => paragraph(view, claim));
  const cards = element("div", "cards " + block.block, block.cards.map((one) => card(view, one)));
  return block.heading ? [element("h2", "group", [block.heading]), cards] : [cards];
}

function card(view, one) {
  const made = element("section", "card", [element("h3", "aspect", words(one.name))]);
  if (one.stale) made.append(element("p", "stale", ["Out of date: its reviews have changed."]));
  made.append(...one.bars.map(bar), ...(one.notes ?? []).map((note) => element("p", "small", words(note))));
  made.append(...one.quotes.map((quote) => quotation(view, quote)));
  return made;
}

// Numbers stand in words above; the bar and its interval repeat them for the eye.
function bar({ side, text, share, at, low, high }) {
  const told = share ? [" ", element("span", "kept", [share])] : [];
  const made = element("div", "measure", [element("p", "share", [...words(text), ...told])]);
  if (at === undefined) return made;
  const track = element("div", "track " + side, [element("div", "fill"), element("div", "interval")]);
  track.setAttribute("aria-hidden", "true");
  track.firstChild.style.width = `${100 * at}%`;
  Object.assign(track.lastChild.style, { left: `${100 * low}%`, width: `${100 * (high - low)}%` });
  made.append(track);
  return made;
}

function quotation(view, one) {
  const sign = element("span", "sign", [one.side === "praised" ? "+" : "−"]);
  sign.setAttribute("aria-label", one.side === "praised" ? "praise" : "criticism");
  sign.setAttribute("role", "img");
  const from = element("span", "from", [element("bdi", "", words(one.who))]);
  keepTogether(from, chip(view, one.chip));
  return element("p", "evidence " + one.side, [sign, " “", element("bdi", "quoted", words(one.quote)), "”", from]);
}

// A chip never begins a line: it stands in one unbreakable span with the word before it, unless that is very long.
// (A no-break space and a word joiner do not hold a button.)
function keepTogether(line, button) {
  const home = line.lastChild.nodeType === Node.TEXT_NODE ? line : line.lastChild;
  const last = home.lastChild;
  const word = last?.nodeType === Node.TEXT_NODE ? last.data.search(/\S*$/) : -1;
  const kept = word >= 0 && last.data.length - word <= LONGEST_KEPT ? [last.splitText(word)] : [];
  home.append(element("span", "kept", [...kept, "\u00a0", button]));
}

function chip(view, id) {
  const source = view.sources.find((one) => one.id === id);
  const button = element("button", "chip", [String(id)]);
  button.type = "button";
  button.setAttribute("aria-label", source.label);
  button.setAttribute("aria-expanded", "false");
  button.dataset.source = String(id);
  button.onclick = () => (view.open === id && view.opener === button ? close(view) : open(view, id, button));
  view.chips.push(button);
  return button;
}

// ── the source ───────────────────────────────────────────────────────────────────────────────────

function open(view, id, opener) {
  view.opener = opener;
  show(view, id);
  view.panel.focus({ preventScroll: true });
  keepInSight(view, opener);
}

function step(view, by) {
  const next = view.sources[view.sources.findIndex((one) => one.id === view.open) + by];
  if (!next) return;
  view.opener = chipsOf(view, next.id)[0];
  show(view, next.id);
  keepInSight(view, view.opener);
}

function close(view) {
  const back = view.opener;
  hidePanel(view);
  back?.focus({ preventScroll: true });
}

function hidePanel(view) {
  view.open = null;
  view.opener = null;
  view.panel.hidden = true;
  view.hint.hidden = view.sources.length === 0;
  view.chips.forEach((one) => one.setAttribute("aria-expanded", "false"));
}

function show(view, id) {
  view.open = id;
  fill(view);
  view.panel.hidden = false;
  view.hint.hidden = true;
  view.chips.forEach((one) => one.setAttribute("aria-expanded", String(one.dataset.source === String(id))));
  const mark = view.review.querySelector("mark");
  const room = view.review.clientHeight - mark.offsetHeight;
  view.review.scrollTop = Math.max(0, mark.offsetTop - Math.max(24, room / 3));
}

// More of the same review has come: the marked words stay where they are on the screen.
function widen(view) {
  const top = () => view.review.querySelector("mark").offsetTop - view.review.scrollTop;
  const before = top();
  fill(view);
  view.review.scrollTop += top() - before;
}

function fill(view) {
  const at = view.sources.findIndex((one) => one.id === view.open);
  const source = view.sources[at];
  view.panel.setAttribute("aria-label", source.label);
  view.place.textContent = `Source ${at + 1} of ${view.sources.length}`;
  // A disabled button would lose the keyboard's place.
  view.previous.setAttribute("aria-disabled", String(at === 0));
  view.next.setAttribute("aria-disabled", String(at === view.sources.length - 1));
  view.critic.replaceChildren(element("bdi", "", words(source.critic)));
  const facts = source.facts.map((fact) => element("bdi", "", words(fact)));
  if (source.title.length) facts.push(element("bdi", "work", words(source.title)));
  view.facts.replaceChildren(...facts.flatMap((fact, number) => (number ? [" · ", fact] : [fact])));
  view.facts.hidden = facts.length === 0;
  const parts = [...words(source.before), element("mark", "", words(source.mark)), ...words(source.after)];
  const text = element("div", "text", parts);
  text.dir = "auto";
  const cut = (there) => (there ? [element("p", "cut", ["[…]"])] : []);
  view.review.replaceChildren(...cut(source.cut_before), text, ...cut(source.cut_after));
  view.more.hidden = !source.more;
}

function chipsOf(view, id) {
  return view.chips.filter((one) => one.dataset.source === String(id));
}

// On a phone the panel covers the lower half of the screen; `scroll-margin` in the style sheet says how much.
function keepInSight(view, button) {
  if (getComputedStyle(view.panel).position === "fixed") button?.scrollIntoView({ block: "nearest" });
}

// ── text ─────────────────────────────────────────────────────────────────────────────────────────

function element(tag, classes, children = []) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

function words(pieces) {
  return pieces.map((piece) => (typeof piece === "string" ? document.createTextNode(piece) : acting(piece)));
}

function acting({ tag, raw }) {
  const shown = element("span", "acting");
  shown.dataset.tag = tag;
  shown.dir = "ltr";
  const hidden = element("span", "", [document.createTextNode(raw)]);
  hidden.hidden = true;
  shown.append(hidden);
  return shown;
}
