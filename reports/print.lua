-- Pandoc's Typst writer drops classes; this filter turns those that the report uses into calls of audit.typ.

local BLOCKS = { summary = true, tiles = true, tile = true }

local function call(name, attributes)
  local kind = attributes.classes[2]
  return "#" .. name .. (kind and ('("' .. kind .. '")') or "") .. "["
end

function Div(div)
  local name = div.classes[1]
  if not BLOCKS[name] then
    return nil
  end
  local blocks = pandoc.Blocks({ pandoc.RawBlock("typst", call(name, div)) })
  blocks:extend(div.content)
  blocks:insert(pandoc.RawBlock("typst", "]"))
  return blocks
end

function Span(span)
  local name = span.classes[1]
  if name ~= "verdict" and name ~= "word" then
    return nil
  end
  local inlines = pandoc.Inlines({ pandoc.RawInline("typst", call(name, span)) })
  inlines:extend(span.content)
  inlines:insert(pandoc.RawInline("typst", "]"))
  return inlines
end

-- One line for each term and its meaning.
function DefinitionList(list)
  local inlines = pandoc.Inlines({})
  for at, item in ipairs(list.content) do
    if at > 1 then
      inlines:insert(pandoc.LineBreak())
    end
    inlines:extend(item[1])
    inlines:insert(pandoc.Space())
    inlines:extend(pandoc.utils.blocks_to_inlines(item[2][1]))
  end
  return pandoc.Para(inlines)
end

-- The parts of a formula that stand beside each other: those between \qquad outside of braces and environments.
local function parts(formula)
  local found, depth, start, at = {}, 0, 1, 1
  while at <= #formula do
    local name = formula:match("^\\(%a+)", at)
    if name == "begin" then
      depth = depth + 1
    elseif name == "end" then
      depth = depth - 1
    elseif name == "qquad" and depth == 0 then
      table.insert(found, formula:sub(start, at - 1))
      start = at + #"\\qquad"
    end
    local character = formula:sub(at, at)
    if character == "{" then
      depth = depth + 1
    elseif character == "}" then
      depth = depth - 1
    end
    at = at + (name and #name + 1 or (character == "\\" and 2 or 1))
  end
  table.insert(found, formula:sub(start))
  return found
end

local function typst(formula)
  local text = pandoc.write(pandoc.Pandoc({ pandoc.Para({ pandoc.Math("DisplayMath", formula) }) }), "typst")
  return "[" .. text:gsub("%s+$", "") .. "]"
end

function Math(math)
  if math.mathtype ~= "DisplayMath" then
    return nil
  end
  local lines = pandoc.List(parts(math.text)):map(typst)
  return pandoc.RawInline("typst", "#formula(" .. typst(math.text) .. ", " .. table.concat(lines, ", ") .. ")")
end

-- A paragraph that announces what follows stays on its page: "**Prediction.**" and a formula, a control and its table.
local function announces(block, after)
  local words = block.t == "Para" and block.content[1].t == "Strong"
  local shows = after and (after.t == "Table" or after.t == "CodeBlock" or after.t == "Para" and after.content[1].t ~= "Strong")
  return words and shows
end

function Blocks(blocks)
  local kept = pandoc.Blocks({})
  for at, block in ipairs(blocks) do
    if announces(block, blocks[at + 1]) then
      kept:extend({ pandoc.RawBlock("typst", "#sticky["), block, pandoc.RawBlock("typst", "]") })
    else
      kept:insert(block)
    end
  end
  return kept
end

-- What stands before the first heading belongs on the title page.
function Pandoc(document)
  local front, body = pandoc.Blocks({}), pandoc.Blocks({})
  for _, block in ipairs(document.blocks) do
    local place = (#body == 0 and block.t ~= "Header") and front or body
    place:insert(block)
  end
  document.meta.front = pandoc.MetaBlocks(front)
  document.blocks = body
  return document
end
