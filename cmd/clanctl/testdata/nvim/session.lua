-- A session of Neovim with clanctl, and a second server beside it: a mistake is made, shown, fixed by a quick fix, and saved;
-- made again, and ignored in the policy file, which another program removes.
local file, clanctl, nix = vim.env.CLAN_FILE, vim.env.CLANCTL, vim.env.CLAN_NIX

local function fail(text)
  io.stderr:write(text .. "\n")
  vim.cmd("cquit 1")
end

local function await(what, condition)
  if not vim.wait(60000, condition, 20) then
    local shown = {}
    for _, d in ipairs(vim.diagnostic.get()) do
      table.insert(shown, d.message)
    end
    fail("waited for " .. what .. "; shown is: " .. table.concat(shown, " | "))
  end
end

local wanted = "replace"
vim.ui.select = function(items, options, choose)
  for _, item in ipairs(items) do
    local title = options.format_item and options.format_item(item) or tostring(item)
    if title:find(wanted, 1, true) then
      return choose(item)
    end
  end
  fail("there is no such fix among " .. #items)
end

vim.cmd("edit " .. vim.fn.fnameescape(file))
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({ name = "clanctl", cmd = { clanctl, "lsp", "--nix", nix, "--offline" }, root_dir = vim.fn.fnamemodify(file, ":h") })
-- It also stands for another language server of the same file.
local second = vim.lsp.start_client({ name = "second", cmd = { clanctl, "lsp", "--nix", nix, "--offline" }, root_dir = vim.fn.fnamemodify(file, ":h") })
vim.lsp.buf_attach_client(buffer, client)
await("the client", function() return vim.lsp.get_client_by_id(client).initialized end)

local function found() return #vim.diagnostic.get(buffer) end

-- A mistake, typed and not saved.
local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
local at
for i, line in ipairs(lines) do
  if line:find("server.machines.cabin.", 1, true) then
    at = i
    vim.api.nvim_buf_set_lines(buffer, i - 1, i, false, { (line:gsub("cabin", "cabn")) })
  end
end
await("the finding", function() return found() == 1 end)
local d = vim.diagnostic.get(buffer)[1]
if d.lnum ~= at - 1 or d.code ~= "unknown-machine" or d.source ~= "clanctl" then
  fail("found is " .. vim.inspect(d))
end

-- It moves with an edit above.
vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { "# a line more" })
await("the finding a line below", function() return found() == 1 and vim.diagnostic.get(buffer)[1].lnum == at end)

-- The quick fix.
vim.api.nvim_win_set_cursor(0, { at + 1, vim.diagnostic.get(buffer)[1].col })
vim.lsp.buf.code_action()
await("the fix", function() return vim.api.nvim_buf_get_lines(buffer, at, at + 1, false)[1]:find("cabin", 1, true) end)
await("no finding", function() return found() == 0 end)
vim.cmd("write")

-- The same mistake, which is meant to be: the policy file is created.
local line = vim.api.nvim_buf_get_lines(buffer, at, at + 1, false)[1]
vim.api.nvim_buf_set_lines(buffer, at, at + 1, false, { (line:gsub("cabin", "cabn")) })
await("the finding again", function() return found() == 1 end)
wanted = "in .clanctl.json"
vim.lsp.buf.code_action()
local policy = vim.fn.fnamemodify(file, ":h") .. "/.clanctl.json"
await("the policy file", function() return vim.fn.bufnr(policy) > 0 and #vim.api.nvim_buf_get_lines(vim.fn.bufnr(policy), 0, -1, false) > 1 end)
vim.lsp.buf_attach_client(vim.fn.bufnr(policy), client)
await("what is ignored, unsaved", function() return found() == 0 end)
vim.api.nvim_buf_call(vim.fn.bufnr(policy), function() vim.cmd("write!") end)
vim.cmd("bdelete " .. vim.fn.bufnr(policy))
if vim.fn.json_decode(vim.fn.readfile(policy)).ignore[1].code ~= "unknown-machine" then
  fail("the policy file is " .. table.concat(vim.fn.readfile(policy), "\n"))
end
os.remove(policy)
await("what another program did", function() return found() == 1 end)
vim.api.nvim_buf_set_lines(buffer, at, at + 1, false, { line })
await("no finding again", function() return found() == 0 end)

-- Completion in a line that does not parse.
local role
for i, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
  if line:find("tags.backup = { };", 1, true) then
    role = i
  end
end
local before = vim.api.nvim_buf_get_lines(buffer, role - 1, role, false)[1]
vim.api.nvim_buf_set_lines(buffer, role - 1, role, false, { "        tags.la" })
vim.api.nvim_win_set_cursor(0, { role, 15 })
local answers = vim.lsp.buf_request_sync(buffer, "textDocument/completion", vim.lsp.util.make_position_params(), 60000)
local items = vim.lsp.util.text_document_completion_list_to_complete_items(answers[client].result, "la")
if #items ~= 1 or items[1].word ~= "laptops" then
  fail("offered is " .. vim.inspect(items))
end
local encoding = vim.lsp.get_client_by_id(client).offset_encoding
vim.lsp.util.apply_text_edits({ items[1].user_data.nvim.lsp.completion_item.textEdit }, buffer, encoding)
if vim.api.nvim_buf_get_lines(buffer, role - 1, role, false)[1] ~= "        tags.laptops" then
  fail("completed is " .. vim.api.nvim_buf_get_lines(buffer, role - 1, role, false)[1])
end
vim.api.nvim_buf_set_lines(buffer, role - 1, role, false, { before })
vim.cmd("write")

vim.lsp.buf_attach_client(buffer, second)
vim.lsp.stop_client({ client, second })
await("the end of the servers", function() return #vim.lsp.get_active_clients() == 0 end)
vim.cmd("qall!")
