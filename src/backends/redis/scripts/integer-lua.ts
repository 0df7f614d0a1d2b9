/**
 * Integers of 64 bits as decimal texts. Lua has doubles: sums that stay below 2^53 are theirs, the others are left to INCRBY on a key that is gone
 * before the script ends. `addIntegers` answers nil, and `type` or `range`.
 */
export const INTEGER_LUA = `
local function isInteger(text)
  return #text <= 20 and (text == '0' or match(text, '^%-?[1-9]%d*$') ~= nil)
end

-- Whether a is smaller than b.
local function isSmaller(a, b)
  local isANegative, isBNegative = byte(a) == 45, byte(b) == 45
  if isANegative ~= isBNegative then return isANegative end
  if a == b then return false end
  local isShorter
  if #a ~= #b then isShorter = #a < #b else isShorter = a < b end
  return isShorter ~= isANegative
end

local function addIntegers(scratch, a, b)
  if not isInteger(a) then return nil, 'type' end
  if #a < 16 and #b < 16 then return string.format('%.0f', tonumber(a) + tonumber(b)) end
  call('SET', scratch, a)
  local reply, refusal = try('INCRBY', scratch, '0'), 'type'
  if type(reply) == 'number' then reply, refusal = try('INCRBY', scratch, b), 'range' end
  local sum = call('GET', scratch)
  call('DEL', scratch)
  if type(reply) ~= 'number' then return nil, refusal end
  return sum
end
`;
