-- What the page needs and Markdown cannot say.

-- On a narrow screen a row of a table becomes a card: each cell carries the heading of its column.
function Table(table)
  local head = table.head.rows[1]
  if not head then return nil end
  for _, body in ipairs(table.bodies) do
    for _, row in ipairs(body.body) do
      for column, cell in ipairs(row.cells) do
        cell.attributes["data-label"] = pandoc.utils.stringify(head.cells[column].contents)
      end
    end
  end
  return table
end

-- A formula that is wider than a phone scrolls on its own, so it can be reached by keyboard.
local scrolling = pandoc.Attr("", { "formula" }, { tabindex = "0" })
local letters_of_a_phone = 20

function Para(paragraph)
  local only = paragraph.content[1]
  if #paragraph.content == 1 and only.t == "Math" and only.mathtype == "DisplayMath" then
    return pandoc.Div(paragraph, scrolling)
  end
end

function Math(formula)
  local letters = formula.text:gsub("\\%a+", "x"):gsub("[%s{}^_\\]", "")
  if formula.mathtype == "InlineMath" and #letters > letters_of_a_phone then
    return pandoc.Span(formula, scrolling)
  end
end

-- Names of quantities break after an underscore rather than anywhere.
function Code(code)
  local text = code.text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub("_", "_<wbr>")
  return pandoc.RawInline("html", "<code>" .. text .. "</code>")
end

-- Pictures below the fold are decoded when they come into view; what they show is said once, by the caption.
function Image(image)
  local name = image.src:match("([^/]+)%.svg$")
  image.caption = pandoc.Inlines("Figure of " .. name:gsub("_", " "))
  image.attributes.loading, image.attributes.decoding = "lazy", "async"
  return image
end
