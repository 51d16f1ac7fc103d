package axes

// Groups of places, by what a place bears.
const (
	text      = "text"       // prose in lines
	fields    = "fields"     // a named value in a record that is no JSON
	inJSON    = "json"       // a JSON string
	web       = "web"        // the query of a URL
	path      = "path"       // the path of a URL
	markup    = "markup"     // XML
	table     = "table"      // CSV
	mail      = "mail"       // parts of a multipart body
	frames    = "frames"     // container logs that cut lines
	auth      = "auth"       // a token in a header
	basic     = "basic"      // Basic credentials in a header
	cookies   = "cookies"    // a cookie in a header
	dsnURL    = "dsn-url"    // a DSN that is a URL
	dsnWords  = "dsn-words"  // a DSN that is none
	plainFile = "plain-file" // what may be a file in UTF-16
)

// place is a value of the axis of places.
type place struct {
	name   string
	groups []string
	parse  string
	// form is the whole input. {} stands for the secret, {field} and {Field} for
	// the field that names it, {user}, {host} and {id} for made-up values. What
	// stands in ‹ › must stay.
	form   string
	named  bool                // the form names the field of the secret
	bare   bool                // the form takes the secret alone
	escape func(string) string // what the place does to text put there; nil: nothing
	outer  func(string) string // a second escape, around even a writing that is the place's own
	frame  func(framed) framed // rewrites the whole input; nil: nothing
}

const stamp = "2026-03-02T08:15:0"

// places is the axis of places.
var places = []place{
	{
		name: "log-text", groups: []string{text, plainFile}, parse: "text",
		form: stamp + "1.104Z INFO  ‹checkout: order {id} accepted for {user}›\n" +
			stamp + "2.310Z DEBUG ‹checkout: calling {host} with› {} ‹attempt=2›\n" +
			stamp + "2.884Z WARN  ‹checkout: {host} answered 503, next try in 2s›\n",
	},
	{
		name: "error-echo", groups: []string{text}, parse: "text",
		form: "‹request {id} to {host} failed: 401 Unauthorized: the credential› {} ‹of {user} is not valid, expired or revoked›\n",
	},
	{
		name: "stack-trace", groups: []string{text}, parse: "text",
		form: stamp + "1,104 ERROR ‹[worker-3] com.example.pay.Client: order {id} failed›\n" +
			"java.io.IOException: ‹{host} refused› {} ‹for {user}›\n" +
			"\t‹at com.example.pay.Client.call(Client.java:88)›\n\tat com.example.pay.Retry.run(Retry.java:31)\n" +
			"‹Caused by: java.net.SocketTimeoutException: connect timed out›\n\t... 12 more\n",
	},
	{
		name: "ansi", groups: []string{text}, parse: "text",
		form: "\x1b[2m08:15:01\x1b[0m \x1b[32m‹INFO›\x1b[0m ‹deploying {id} to {host}›\r\n" +
			"\x1b[2m08:15:02\x1b[0m \x1b[1;31m‹FAIL›\x1b[0m ‹{user} used› \x1b[33m{}\x1b[0m \x1b[2m‹exit status 1›\x1b[0m\r\n",
	},
	{
		name: "logfmt", groups: []string{fields}, named: true, parse: "text", escape: logfmtValue,
		form: "ts=" + stamp + "1Z level=info ‹msg=\"order {id} accepted\"› ‹user={user}›\n" +
			"ts=" + stamp + "2Z level=debug ‹msg=\"signing in\" user={user}› {field}={} ‹host={host} took=31ms›\n",
	},
	{
		name: "yaml", groups: []string{fields}, named: true, parse: "yaml", escape: inQuotes,
		form: "‹service: checkout›\nupstream:\n  ‹host: {host}›\n  ‹user: {user}›\n  {field}: \"{}\"\n  ‹retries: 3›\n‹revision: \"{id}\"›\n",
	},
	{
		name: "go-dump", groups: []string{fields}, named: true, parse: "text", escape: inQuotes,
		form: "2026/03/02 08:15:01 main.go:41: ‹loaded &config.Upstream{Host:\"{host}\", User:\"{user}\",› {Field}:\"{}\", ‹Retries:3, ID:\"{id}\"}›\n",
	},
	{
		name: "python-dump", groups: []string{fields}, named: true, parse: "text", escape: pythonString,
		form: stamp + "1,104 DEBUG ‹settings={'host': '{host}', 'user': '{user}',› '{field}': '{}', ‹'retries': 3, 'id': '{id}'}›\n",
	},
	{
		name: "json-field", groups: []string{inJSON, plainFile}, named: true, parse: "jsonl", escape: inQuotes,
		form: "{\"ts\":\"" + stamp + "1Z\",‹\"level\":\"info\",\"msg\":\"order {id} accepted\",\"user\":\"{user}\"›}\n" +
			"{\"ts\":\"" + stamp + "2Z\",‹\"level\":\"debug\",\"msg\":\"signing in\",\"user\":\"{user}\"›,\"{field}\":\"{}\",‹\"host\":\"{host}\",\"ms\":31›}\n",
	},
	{
		name: "json-message", groups: []string{inJSON}, named: true, parse: "jsonl", escape: inQuotes, outer: inQuotes,
		form: "{\"ts\":\"" + stamp + "1Z\",\"level\":\"info\",‹\"stream\":\"stdout\"›,\"log\":\"{‹\\\"msg\\\":\\\"signing in\\\",\\\"user\\\":\\\"{user}\\\"›,\\\"{field}\\\":\\\"{}\\\",‹\\\"host\\\":\\\"{host}\\\"›}\",‹\"id\":\"{id}\"›}\n",
	},
	{
		name: "sse", groups: []string{inJSON}, parse: "sse", escape: inQuotes,
		form: "event: message\nid: 41\ndata: {‹\"role\":\"assistant\"›,\"text\":\"‹{user} signs in to {host} with› {} ‹as told›\"}\n\n‹data: {\"done\":true,\"id\":\"{id}\"}›\n\n",
	},
	{
		name: "query", groups: []string{web}, named: true, parse: "url", escape: inQuery,
		form: "‹203.0.113.7 - {user}› [02/Mar/2026:08:15:01 +0000] \"GET https://{host}/v1/orders?‹page=2›&{field}={}&‹sort=asc&state={id}› HTTP/1.1\" ‹200 5124›\n",
	},
	{
		name: "path", groups: []string{path}, parse: "url", escape: inPath,
		form: "‹203.0.113.7 - {user}› [02/Mar/2026:08:15:01 +0000] \"POST ‹https://{host}/hooks/›{}‹/deliver?id={id}› HTTP/1.1\" ‹202 0›\n",
	},
	{
		name: "authorization", groups: []string{auth}, bare: true, parse: "header",
		form: "GET /v1/orders/{id} HTTP/1.1\r\n‹Host: {host}›\r\nAuthorization: Bearer {}\r\n‹Accept: application/json›\r\n‹X-Request-User: {user}›\r\n\r\n",
	},
	{
		name: "authorization-basic", groups: []string{basic}, bare: true, parse: "header",
		form: "GET /v1/orders/{id} HTTP/1.1\r\n‹Host: {host}›\r\nAuthorization: Basic {}\r\n‹Accept: application/json›\r\n‹X-Request-User: {user}›\r\n\r\n",
	},
	{
		name: "cookie", groups: []string{cookies}, bare: true, parse: "header",
		form: "GET /v1/orders/{id} HTTP/1.1\r\n‹Host: {host}›\r\nCookie: ‹theme=dark›; session_id={}; ‹lang=en›\r\n‹X-Request-User: {user}›\r\n\r\n",
	},
	{
		name: "set-cookie", groups: []string{cookies}, bare: true, parse: "header",
		form: "HTTP/1.1 200 OK\r\n‹Server: {host}›\r\nSet-Cookie: session_id={}; ‹Path=/; Max-Age=3600; Secure; HttpOnly›\r\n‹X-Request-Id: {id}›\r\nContent-Length: 0\r\n\r\n",
	},
	{name: "dsn-postgres", groups: []string{dsnURL}, bare: true, parse: "url", escape: inUserinfo, form: dsnLine("postgres://‹{user}›:{}‹@{host}:5432/shop?sslmode=require›")},
	{name: "dsn-mongodb", groups: []string{dsnURL}, bare: true, parse: "url", escape: inUserinfo, form: dsnLine("mongodb+srv://‹{user}›:{}‹@{host}/shop?retryWrites=true›")},
	{name: "dsn-amqp", groups: []string{dsnURL}, bare: true, parse: "url", escape: inUserinfo, form: dsnLine("amqps://‹{user}›:{}‹@{host}:5671/orders›")},
	{name: "dsn-redis", groups: []string{dsnURL}, bare: true, parse: "url", escape: inUserinfo, form: dsnLine("redis://:{}‹@{host}:6379/0›")},
	{name: "dsn-jdbc", groups: []string{dsnURL}, bare: true, parse: "text", escape: inQuery, form: dsnLine("‹jdbc:postgresql://{host}:5432/shop?user={user}›&password={}‹&ssl=true›")},
	{name: "dsn-mysql", groups: []string{dsnWords}, bare: true, parse: "text", form: dsnLine("‹{user}›:{}‹@tcp({host}:3306)/shop?parseTime=true›")},
	{name: "dsn-libpq", groups: []string{dsnWords}, bare: true, parse: "text", escape: libpqValue, form: dsnLine("‹host={host} port=5432 user={user}› password='{}' ‹dbname=shop›")},
	{name: "dsn-ado", groups: []string{dsnWords}, bare: true, parse: "text", escape: adoValue, form: dsnLine("‹Server={host};Database=shop;Uid={user}›;PWD={{}};‹Encrypt=yes›")},
	{
		name: "xml-element", groups: []string{markup, plainFile}, named: true, parse: "xml", escape: inXML,
		form: "<event ‹id=\"{id}\"›>\n  ‹<user>{user}</user>›\n  <{field}>{}</{field}>\n  ‹<host>{host}</host>›\n</event>\n",
	},
	{
		name: "xml-attribute", groups: []string{markup}, named: true, parse: "xml", escape: inXML,
		form: "<logins>‹<login id=\"{id}\" user=\"{user}\"› {field}=\"{}\" ‹host=\"{host}\"/>›</logins>\n",
	},
	{
		name: "csv", groups: []string{table, plainFile}, parse: "csv", escape: csvField,
		form: "id,user,note,host,retries\n‹{id},{user},›{}‹,{host},3›\n‹{id}-b,{user},none,{host},0›\n",
	},
	{
		name: "multipart", groups: []string{mail}, named: true, parse: "multipart",
		form: "--" + boundary + "\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n‹{user}@{host}›\r\n" +
			"--" + boundary + "\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{}\r\n" +
			"--" + boundary + "\r\nContent-Disposition: form-data; name=\"order\"\r\n\r\n‹{id}›\r\n--" + boundary + "--\r\n",
	},
	{
		name: "cri-split", groups: []string{frames}, parse: "cri", frame: cri,
		form: "‹checkout: order {id} accepted for {user}›\n‹checkout: calling {host} with› {} ‹attempt=2›\n‹checkout: done›\n",
	},
	{
		name: "docker-partial", groups: []string{frames}, parse: "docker", frame: docker,
		form: "‹checkout: order {id} accepted for {user}›\n‹checkout: calling {host} with› {} ‹attempt=2›\n‹checkout: done›\n",
	},
}

// boundary is that of the multipart body.
const boundary = "f2c91b7e"

// dsnLine puts a DSN into the line of a log.
func dsnLine(dsn string) string {
	return stamp + "1Z ERROR ‹storage: cannot open› " + dsn + " ‹after 3 attempts, order {id}›\n"
}
