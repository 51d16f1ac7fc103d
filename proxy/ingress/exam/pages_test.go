package exam_test

// What APIs say when something fails. {} stands for the secret.
const (
	javaTrace = `2026-03-02 08:15:01,104 ERROR [worker-3] com.example.pay.Client - order 4711-20 failed
java.lang.IllegalStateException: could not sign in with {} at attempt 2
	at com.example.pay.Client.connect(Client.java:88)
	at com.example.pay.Retry.lambda$run$0(Retry.java:31)
	at java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.SocketTimeoutException: connect timed out
	... 12 more
`
	pythonTrace = `Traceback (most recent call last):
  File "/srv/app/orders.py", line 41, in handle
    client.connect(settings)
  File "/srv/app/client.py", line 17, in connect
    raise ConnectionError(reason)
ConnectionError: the server refused {} for ada

The above exception was the direct cause of the following exception:

RuntimeError: order 4711-20 was not placed
`
	goTrace = `panic: orders: the upstream refused {} of ada [recovered]

goroutine 17 [running]:
main.(*client).connect(0xc000124000, {0xc00001a0c0, 0x1f})
	/srv/app/client.go:88 +0x1d4
main.handle({0x7a3f20, 0xc000110040}, 0xc000150000)
	/srv/app/main.go:41 +0x65
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3454 +0x485
exit status 2
`
	nodeTrace = `Error: connect refused {} for ada
    at Client.connect (/srv/app/client.js:88:11)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at async handle (/srv/app/orders.js:41:3) {
  code: 'ECONNREFUSED',
  errno: -111
}
`
	dotnetTrace = `System.InvalidOperationException: The service refused {} for ada.
 ---> System.Net.Sockets.SocketException (110): Connection timed out
   at Example.Pay.Client.ConnectAsync(Settings settings) in /srv/app/Client.cs:line 88
   --- End of inner exception stack trace ---
   at Example.Pay.Orders.Handle(HttpContext context) in /srv/app/Orders.cs:line 41
`
	errorPage = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"/><title>500 Internal Server Error</title></head>
<body>
<h1>Something &amp; nothing</h1>
<pre class="trace">orders.handle: the upstream refused {} for ada</pre>
<p>Ask <a href="mailto:ops@example.net">us</a>, and tell us 4711-20.</p>
</body>
</html>
`
	events = "event: message\nid: 41\ndata: {\"role\":\"assistant\",\"said\":\"ada signs in with {} as told\"}\n\ndata: {\"done\":true}\n\n"
	noise  = "\x01\x02\x03BLOB\x00\x07 {} \x00\x1f\x04end"
)

// dsnLine has a DSN in the line of a log.
func dsnLine(dsn string) string { return "storage: cannot open " + dsn + " after 3 attempts\n" }
