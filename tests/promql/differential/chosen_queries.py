"""Queries that somebody chose: what dashboards and rules ask, corners of the language, and what is an error."""

ANSWERED = """
sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
sum by (job) (rate(http_requests_total{code="500"}[5m])) / sum by (job) (rate(http_requests_total[5m])) > 0.3
1 - (sum(rate(http_requests_total{code=~"5.."}[1h])) or vector(0)) / sum(rate(http_requests_total[1h]))
(sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m]))) > (14.4 * 0.001) and (sum(rate(http_requests_total{code="500"}[1h])) / sum(rate(http_requests_total[1h]))) > (14.4 * 0.001)
histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket[5m])))
sum(rate(latency_seconds_bucket{le="0.25"}[5m])) / sum(rate(latency_seconds_count[5m]))
(sum(rate(latency_seconds_bucket{le="0.25"}[5m])) + sum(rate(latency_seconds_bucket{le="1"}[5m]))) / 2 / sum(rate(latency_seconds_count[5m]))
rate(latency_seconds_sum[5m]) / rate(latency_seconds_count[5m])
avg_over_time((sum(rate(http_requests_total{code="500"}[5m])) / sum(rate(http_requests_total[5m])))[30m:])
max_over_time(rate(http_requests_total[1m])[30m:1m])
sum_over_time(up[1h]) / count_over_time(up[1h])
absent(up{job="none"})
absent(up{job="none", instance=~".*"})
absent(sum(nothing))
absent_over_time(nothing{a="b"}[5m])
absent_over_time(up[5m])
up == 0
up == bool 1
up unless on (job) target
up and on (job) target > 1
count by (job) (up == 0) or count by (job) (up) * 0
count_values("value", up)
count_values without (instance) ("job", up)
count_values("__name__", abs(up))
sort(temperature)
sort_desc(temperature)
sort_desc(avg by (room) (temperature))
topk(3, temperature)
bottomk by (floor) (2, temperature)
topk(1e9, temperature)
topk(3, up)
bottomk by (job) (2, up)
topk(scalar(count(target)), temperature)
quantile(0.5, temperature)
quantile(NaN, temperature)
quantile without (floor) (0.25, temperature)
stddev(balance)
stdvar by (account) (balance)
group(up)
group without (instance) (up)
avg(odd)
sum(odd)
min(odd)
max(odd)
min by (kind) (odd)
quantile(0.5, odd)
sort(odd{kind!="nan"})
count(odd == odd)
count(odd != odd)
odd > 0
odd >= bool 0
-odd
odd ^ 0.5
odd % 7
balance % 7
balance % -7
7 % balance
odd / 0
0 / odd
round(balance, 0.3)
round(balance, -5)
round(odd)
clamp(balance, 10, -10)
clamp(balance, -10, 10)
clamp_max(balance, NaN)
clamp_min(odd, 0)
sgn(odd)
ln(odd)
sqrt(balance)
changes(odd[10m])
resets(odd[10m])
changes(up[1h])
deriv(odd[10m])
predict_linear(temperature[10m], 3600)
predict_linear(temperature[10m] offset 5m, 3600)
delta(temperature[10m])
idelta(temperature[10m])
irate(errors_total[2m])
increase(http_requests_total{instance="c:1"}[1h])
resets(http_requests_total[1h])
rate(http_requests_total[30s])
rate(http_requests_total[10s])
last_over_time(build_info[1h])
present_over_time(build_info[10m])
last_over_time(up[10m] offset 1h)
quantile_over_time(0.9, temperature[1h])
stddev_over_time(temperature[1h])
min_over_time(odd[5m])
max_over_time(odd[5m])
avg_over_time(odd[5m])
sum_over_time(odd[5m])
timestamp(up)
timestamp(timestamp(up))
timestamp(up offset 5m)
timestamp(-up)
timestamp((up))
timestamp(up @ 1795223000.5)
time()
vector(time())
scalar(up)
scalar(sum(up))
scalar(nothing)
pi() * 2
1 + 2 * 3 ^ 2 ^ 0.5 - -1
-1 ^ 2
2 > bool 1 == bool 1
1 / 0
0 / 0
-(1 / 0)
0x10 + 1e1 + Inf
"text"
'it''s'
`raw \\n`
hour()
minute(vector(1795223000))
month(vector(0))
year(vector(-1))
day_of_week(vector(1e10))
days_in_month(vector(951782400))
day_of_year(vector(951782400))
day_of_month(vector(-86400))
hour(timestamp(up))
label_replace(up, "host", "$1", "instance", "(.*):(.*)")
label_replace(up, "host", "$2$1", "instance", "(.*):(.*)")
label_replace(up, "host", "${1}1", "instance", "(.*):(.*)")
label_replace(up, "host", "x", "instance", "a")
label_replace(up, "job", "", "job", ".*")
label_replace(up, "__name__", "new", "job", ".*")
label_replace(up, "missing", "x", "missing", "")
label_join(up, "both", "-", "job", "instance")
label_join(up, "job", "", "nothing")
label_join(up, "x", ",")
up * on (job) group_left (team) target
up * on (job) group_left (__name__, team) target
up > bool on (job) group_left (__name__) target
target * on (job) group_right (team) up
up * on (job) group_left (version) build_info
up + on (job, instance) up
up + ignoring (job) group_left target
up - up offset 5m
up{job="api"} or up{job="web"}
up or temperature
up and up
up unless up
vector(1) or up
vector(1) and on () up
up + on (missing) group_left vector(1)
sum(up) + on () sum(target)
temperature > 20
temperature > temperature offset 10m
20 < temperature
temperature > bool on (room, floor) temperature offset 10m
temperature atan2 target{job="none"}
up offset -1m
up @ start()
up @ end()
up @ 1795223000.5
rate(http_requests_total[5m] @ end())
sum_over_time(up[10m:30s] @ 1795223000.5)
sum_over_time((up @ end())[10m:30s])
rate(http_requests_total[5m] offset 1h)
rate(http_requests_total[5m:1m])
rate(http_requests_total[5m:1m] offset 2m)
max_over_time(min_over_time(temperature[1m])[10m:2m])
max_over_time((time())[10m:1m])
count_over_time(vector(1)[10m:77s])
avg_over_time(rate(latency_seconds_count[1m])[5m:])
{__name__=~"up|target"}
{__name__="up",job=~"a.+"}
{job="api",__name__!~"http.*|latency.*|errors.*|size.*"}
{job=~".+",instance="",__name__!~"latency.*"}
up{job=~"(?i:API)"}
up{instance=~".:1"}
up{job!~"a.*",instance!=""}
nothing
nothing + up
up + nothing
sum(nothing)
count(nothing) or vector(0)
histogram_quantile(0.5, up)
histogram_quantile(0.5, latency_seconds_bucket)
histogram_quantile(2, latency_seconds_bucket)
histogram_quantile(NaN, latency_seconds_bucket)
histogram_quantile(0.99, sum by (le, job) (increase(latency_seconds_bucket[10m])))
histogram_quantile(0.5, latency_seconds_bucket{le!="+Inf"})
size_bytes
rate(size_bytes[5m])
increase(size_bytes[10m])
sum(rate(size_bytes[5m]))
sum by (job) (size_bytes)
avg_over_time(histogram_count(size_bytes)[10m:1m])
histogram_count(size_bytes)
histogram_sum(rate(size_bytes[5m]))
histogram_count(sum by (job) (increase(size_bytes[10m])))
count(size_bytes)
count by (instance) (size_bytes)
present_over_time(size_bytes[10m])
count_over_time(size_bytes[10m])
size_bytes{job="api"} + on (instance) size_bytes{job="web"}
group(size_bytes)
size_bytes and up
up or size_bytes
sum(up) by (job)
sum by (job,) (up)
sum without () (up)
sum(sum by (job) (up)) without (job)
-up
+up
--up
(((up)))
up # a comment
sum(up) # another, with "quotes" and (brackets
""".strip().splitlines()

# Both must refuse these.
REFUSED = """
up{
up{job=}
up{job="a"
up{job="a" instance="b"}
up{job=~"["}
up{job=~"*"}
up{"job"="a"
{}
{job=""}
{job=~".*"}
{job!="a"}
up[
up[5m
up[5]m
up[-5m]
up[0s]
up[5m:
up[5m:0s]
up[5m:-1m]
up[5m][5m]
up[5m] offset
up offset
up offset job
offset 5m
up @
up @ up
up @ "now"
up @ start
up[5m] + 1
up + up[5m]
sum(up[5m])
sum()
sum(up, up)
sum(1)
topk(up)
topk("a", up)
topk(up, up)
quantile(up)
count_values(up)
count_values(1, up)
count_values("a-b c", up) by (
sum by job (up)
sum by (job up) (up)
sum by ("job (up)
sum by (job) by (job) (up)
rate(up)
rate(up[5m], 1)
rate()
rate(1)
rate("a")
abs()
abs(1)
abs(up[5m])
abs("a")
time(1)
scalar(1)
scalar("a")
vector(up)
vector()
nofunction(up)
label_replace(up)
label_replace(up, "a", "b", "c", "(")
label_replace(up, "a", "b", "c")
label_replace(up, 1, "b", "c", "d")
label_join(up)
label_join(up, "a", 1)
histogram_quantile(up)
histogram_quantile(0.5)
histogram_quantile("a", up)
clamp(up, 1)
round(up, 1, 2)
predict_linear(up, 1)
1 +
+
1 + + 
up +
up == bool
1 == 1
1 and 1
up and 1
1 or up
"a" + 1
"a" + "b"
-"a"
up + "a"
up bool up
up > bool
up + bool up
up and bool up
up on (job) up
up + on job up
up + on (job) group_left(team target
up and on (job) group_left target
1 + on (job) 1
temperature + on (room) group_left (room) temperature
http_requests_total + on (instance) http_requests_total
http_requests_total + ignoring (code) http_requests_total
temperature * on (floor) temperature
balance * on () group_left temperature
target * on (job) http_requests_total
target + on (job) group_left http_requests_total
up and on (job) ignoring (job) up
(up
up)
()
((1)
1 2
up up
up 1
1up
1.2.3
0x
1e
1ee5
5q
"unterminated
'also
`and this
"\\x"
up{job="a\\z"}
up{job='a"}
up{a:b="c"}
up{1a="b"}
up{__name__="up", __name__="down"} and up{
up{job="a",,instance="b"}
up{,}
up,
,up
;
up;
$up
up{job="a"}{job="b"}
up{job="a"} {job="b"}
[5m]
sum sum(up)
by (job)
max_over_time(up[5m:1m)
max_over_time(up)
max_over_time(sum(up))
stddev_over_time(1[5m:])
count_over_time("a"[5m:])
up[5m:1m:1m]
(up[5m])[5m:1m]
=
==
up = 1
up =~ 1
up !~ 1
up & up
up | up
up ^^ up
up ** up
up // up
""".strip("\n").splitlines()

# Asked over a range these are errors, and range vectors are.
REFUSED_OVER_A_RANGE = ["up[5m]", '"text"', "up[5m:1m]", "(up[5m])"]

ORDERED = ("sort(", "sort_desc(")
