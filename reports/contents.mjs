// The contents are open beside the text, folded above it, and say where the reader is.

const contents = document.querySelector("details.contents");
const wide = matchMedia("(min-width: 72rem)");
const fold = () => {
  contents.open = wide.matches;
};
const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
let current;

const reading = new IntersectionObserver(
  (seen) => {
    const entered = seen.filter((entry) => entry.isIntersecting).at(-1);
    if (!entered) return;
    current?.removeAttribute("aria-current");
    current = links.get(entered.target.id);
    current.setAttribute("aria-current", "location");
    contents.scrollTop = current.offsetTop - contents.clientHeight / 2;
  },
  { rootMargin: "-10% 0px -85% 0px" },
);

for (const id of links.keys()) reading.observe(document.getElementById(id));
contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && !wide.matches) contents.open = false;
});
wide.addEventListener("change", fold);
fold();
