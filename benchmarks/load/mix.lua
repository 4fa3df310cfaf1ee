dofile(string.match(debug.getinfo(1, "S").source, "^@(.*)load/mix.lua$") .. "http/report.lua")

local requests = {}
local number = 0

init = function(paths)
  for _, path in ipairs(paths) do
    table.insert(requests, wrk.format("GET", path))
  end
end

request = function()
  number = number + 1
  return requests[number % #requests + 1]
end
