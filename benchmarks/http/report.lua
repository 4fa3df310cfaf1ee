done = function(summary, latency, requests)
  local errors = summary.errors
  local latencies = {}
  for _, percentile in ipairs({1, 10, 25, 50, 75, 90, 95, 99, 99.9}) do
    table.insert(latencies, string.format("%d", latency:percentile(percentile)))
  end
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p95": %d, "p99": %d, "errors": %d, "latencies": [%s]}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    table.concat(latencies, ", ")
  ))
end
