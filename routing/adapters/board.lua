-- The routing board in Redis: each operation below is one atomic step.
--
-- KEYS[1] is the prefix of every key; its {hash tag} keeps them on one node. ARGV[1] names the operation, the
-- rest are its arguments. Moments are microseconds since 1970, always passed on as text: a double holds them
-- exactly, but Lua would print them rounded.
--
--   call:<id>         hash    queue carrier step score lane virtual queued menu_step reservation ('' is none)
--   agent:<login>     hash    seq state classes (JSON)
--   reservation:<id>  hash    call agent since state
--   wait:<class>      zset    callers for whom no phone rings, by score
--   place:<queue>     zset    all callers of a queue, by score
--   ready:<class>     zset    agents who may be claimed, by the moment since when
--   states:<class>    hash    state -> how many agents who cover the class
--   timers            zset    timer -> when it is due

local prefix = KEYS[1]
local timers = prefix .. 'timers'

local function key(kind, name)
  return prefix .. kind .. ':' .. name
end

local function read(kind, name)
  local flat = redis.call('HGETALL', key(kind, name))
  if #flat == 0 then return nil end
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

local function class_name(queue, step, carrier)
  return queue .. '/' .. step .. '/' .. carrier
end

-- A board that an earlier release filled says nothing of carriers; it is read once, before it is rebuilt.
local function class_of(call)
  return class_name(call.queue, call.step, call.carrier or '')
end

local function remove_call(id, call)
  redis.call('DEL', key('call', id))
  redis.call('ZREM', key('wait', class_of(call)), id)
  redis.call('ZREM', key('place', call.queue), id)
  redis.call('ZREM', timers, 'relax:' .. id, 'announce:' .. id, 'leave:' .. id)
end

local function count(class, state, change)
  local left = redis.call('HINCRBY', key('states', class), state, change)
  if left == 0 then redis.call('HDEL', key('states', class), state) end
end

local function call_row(id)
  local call = read('call', id)
  if not call then return false end
  return {
    id, call.queue, call.carrier or '', call.step, call.lane, call.virtual, call.queued, call.menu_step,
    call.reservation,
  }
end

local function hold(id, call_id, agent, since, state, ring_until)
  redis.call('HSET', key('reservation', id), 'call', call_id, 'agent', agent, 'since', since, 'state', state)
  local call = read('call', call_id)
  if call and state == 'pending' then
    redis.call('HSET', key('call', call_id), 'reservation', id)
    redis.call('ZREM', key('wait', class_of(call)), call_id)
  end
  if ring_until ~= '' then redis.call('ZADD', timers, ring_until, 'ring:' .. id) end
end

-- state of a reservation -> states that may follow, and whether it is kept in them
local MOVES = {
  pending = { accepted = 'kept', rejected = 'over', timeout = 'over', cancelled = 'over' },
  accepted = { completed = 'over' },
}

local operations = {}

function operations.join(id, queue, carrier, step, score, lane, virtual, queued, menu_step)
  local known = read('call', id)
  if known then
    local same = known.queue == queue and known.score == score
    if same or known.reservation ~= '' then return end
    remove_call(id, known)
  end
  redis.call('HSET', key('call', id), 'queue', queue, 'carrier', carrier, 'step', step, 'score', score,
    'lane', lane, 'virtual', virtual, 'queued', queued, 'menu_step', menu_step, 'reservation', '')
  redis.call('ZADD', key('wait', class_name(queue, step, carrier)), score, id)
  redis.call('ZADD', key('place', queue), score, id)
end

function operations.relax(id, step)
  local known = read('call', id)
  if not known then return end
  redis.call('HSET', key('call', id), 'step', step)
  if known.reservation == '' then
    redis.call('ZREM', key('wait', class_of(known)), id)
    known.step = step
    redis.call('ZADD', key('wait', class_of(known)), known.score, id)
  end
end

function operations.leave(id)
  local row = call_row(id)
  if not row then return false end
  local known = read('call', id)
  remove_call(id, known)
  if known.reservation ~= '' then
    redis.call('DEL', key('reservation', known.reservation))
    redis.call('ZREM', timers, 'ring:' .. known.reservation)
  end
  return row
end

operations.waiting = call_row

function operations.queue(queue)
  local rows = {}
  for _, id in ipairs(redis.call('ZRANGE', key('place', queue), 0, -1)) do
    rows[#rows + 1] = call_row(id)
  end
  return rows
end

function operations.position(id)
  local queue = redis.call('HGET', key('call', id), 'queue')
  return queue and redis.call('ZRANK', key('place', queue), id)
end

function operations.stand(login, seq, state, classes, ready_since, until_moment)
  local known = read('agent', login)
  if known then
    if tonumber(known.seq) >= tonumber(seq) then return end
    for _, class in ipairs(cjson.decode(known.classes)) do
      redis.call('ZREM', key('ready', class), login)
      count(class, known.state, -1)
    end
  end
  for _, class in ipairs(cjson.decode(classes)) do
    count(class, state, 1)
    if state == 'ready' and ready_since ~= '' then
      redis.call('ZADD', key('ready', class), ready_since, login)
    end
  end
  redis.call('HSET', key('agent', login), 'seq', seq, 'state', state, 'classes', classes)
  redis.call('ZREM', timers, 'agent:' .. login)
  if until_moment ~= '' then redis.call('ZADD', timers, until_moment, 'agent:' .. login) end
end

function operations.view(class, rung, everybody, most)
  return {
    tonumber(most) > 0 and redis.call('ZRANGE', key('ready', class), 0, most - 1, 'WITHSCORES') or {},
    redis.call('HGETALL', key('states', class)),
    redis.call('HVALS', key('states', rung)),
    redis.call('HVALS', key('states', everybody)),
  }
end

function operations.heads_for(login)
  local rows = {}
  local classes = redis.call('HGET', key('agent', login), 'classes')
  for _, class in ipairs(classes and cjson.decode(classes) or {}) do
    local head = redis.call('ZRANGE', key('wait', class), 0, 0)[1]
    if head then rows[#rows + 1] = call_row(head) end
  end
  return rows
end

function operations.claim(id, call_id, login, since, ring_until)
  local call, agent = read('call', call_id), read('agent', login)
  if not call or not agent or call.reservation ~= '' then return 0 end
  if not redis.call('ZSCORE', key('ready', class_of(call)), login) then return 0 end
  for _, class in ipairs(cjson.decode(agent.classes)) do
    redis.call('ZREM', key('ready', class), login)
    count(class, agent.state, -1)
    count(class, 'reserved', 1)
  end
  redis.call('HSET', key('agent', login), 'state', 'reserved')
  hold(id, call_id, login, since, 'pending', ring_until)
  return 1
end

operations.hold = hold

function operations.settle(id, outcome)
  local known = read('reservation', id)
  local fate = known and MOVES[known.state] and MOVES[known.state][outcome]
  if not fate then return false end
  redis.call('ZREM', timers, 'ring:' .. id)
  if fate == 'kept' then
    redis.call('HSET', key('reservation', id), 'state', outcome)
  else
    redis.call('DEL', key('reservation', id))
  end
  local call = read('call', known.call)
  if call and call.reservation == id then
    if outcome == 'accepted' then
      remove_call(known.call, call)
    else
      redis.call('HSET', key('call', known.call), 'reservation', '')
      redis.call('ZADD', key('wait', class_of(call)), call.score, known.call)
    end
  end
  return { known.call, known.agent, known.since, known.state }
end

function operations.claim_due(now, leased_until, most)
  local due = redis.call('ZRANGEBYSCORE', timers, '-inf', now, 'LIMIT', 0, most)
  for _, name in ipairs(due) do redis.call('ZADD', timers, leased_until, name) end
  return due
end

function operations.done(name, leased_until)
  local at = redis.call('ZSCORE', timers, name)
  if at and tonumber(at) == tonumber(leased_until) then redis.call('ZREM', timers, name) end
end

return operations[ARGV[1]](unpack(ARGV, 2))
