package set

// kind is a kind of true secret.
type kind struct {
	class  string
	fields []string // names of the fields that hold it, in snake case
	forms  []string // of the value
	sample string   // a rule of package corpus that makes the value; then forms are empty
}

// Classes of true secrets.
const (
	vendor      = "vendor token"          // has a form of its own, under a telling name
	unnamed     = "vendor token, no name" // the same under a name that says nothing
	generic     = "random value"          // known by its name only
	human       = "human password"        // made up by a person
	inURL       = "URL or DSN"            // credentials in a URL or DSN
	multiline   = "private key"           //
	inLine      = "in a line of text"     // in commands, headers and logs, before what no rule expects
	encodedOnce = "encoded"               // base64, hexadecimal or percent escapes
)

// Names of fields.
var (
	tokenFields    = []string{"api_key", "access_token", "auth_token", "token", "secret_key"}
	plainFields    = []string{"value", "arg", "input", "param", "setting"}
	secretFields   = []string{"client_secret", "secret_key", "signing_secret", "webhook_secret", "jwt_secret", "api_secret", "encryption_key", "refresh_token", "private_token"}
	passwordFields = []string{"password", "db_password", "smtp_password", "admin_passwd", "ldap_bind_password", "redis_password"}
	urlFields      = []string{"database_url", "broker_url", "dsn", "cache_url", "git_remote"}
)

// samples are the rules whose secrets package corpus makes, checksums and all.
var samples = []string{"aws-access-token", "digitalocean-pat", "gcp-api-key", "github-pat", "gitlab-pat", "jwt", "npm-access-token",
	"sendgrid-api-token", "shopify-access-token", "slack-bot-token", "slack-webhook-url", "stripe-access-token"}

// tokens are forms of vendors' tokens that package corpus does not make.
var tokens = []string{
	"hf_{letters:34}", "glsa_{alnum:32}_{hex:8}", "hvs.{b64url:95}", "lin_api_{alnum:40}", "pscale_tkn_{b64url:43}", "dp.pt.{alnum:43}",
	"dapi{hex:32}", "sk-ant-api03-{b64url:93}AA", "pypi-AgEIcHlwaS5vcmc{b64url:85}", "AGE-SECRET-KEY-1{bech32:58}", "NRAK-{upper:27}",
	"sq0atp-{b64url:22}", "shpss_{hex:32}", "sk-proj-{alnum:20}T3BlbkFJ{alnum:20}", "pul-{hex:40}",
}

// kinds are the kinds of true secrets that stand as the value of a field.
var kinds = kindsOfSecrets()

func kindsOfSecrets() (all []kind) {
	for _, rule := range samples {
		all = append(all, kind{class: vendor, fields: tokenFields, sample: rule}, kind{class: unnamed, fields: plainFields, sample: rule})
	}
	for _, form := range tokens {
		all = append(all, kind{class: vendor, fields: tokenFields, forms: []string{form}}, kind{class: unnamed, fields: plainFields, forms: []string{form}})
	}
	return append(all,
		kind{class: generic, fields: secretFields, forms: []string{"{alnum:20}", "{alnum:32}", "{alnum:40}", "{alnum:64}"}},
		kind{class: generic, fields: secretFields, forms: []string{"{hex:32}", "{hex:40}", "{hex:64}"}},
		kind{class: generic, fields: secretFields, forms: []string{"{base64:43}=", "{base64:86}==", "{b64url:43}"}},
		kind{class: generic, fields: passwordFields, forms: []string{"{alnum:16}", "{alnum:24}", "{alnum:12}{symbol:1}{alnum:8}", "{alnum:6}{symbol:2}{alnum:9}"}},
		kind{class: human, fields: passwordFields, forms: []string{"{word}{int:10-9999}{symbol:1}", "{word}-{word}-{word}-{int:10-99}", "{word}{word}{int:1950-2030}", "P@{word}{int:1-999}{symbol:1}{letters:2}"}},
		kind{class: inURL, fields: urlFields, forms: []string{
			"postgres://{user}:{alnum:18}@{host}:5432/{service}", "mysql://{user}:{alnum:16}@{host}/{service}", "mongodb+srv://{user}:{alnum:20}@{host}/{service}",
			"amqps://{user}:{alnum:24}@{host}:5671/{service}", "redis://:{alnum:32}@{host}:6379/0", "https://{user}:{alnum:20}@{host}/{service}.git",
			"{user}:{alnum:16}@tcp({host}:3306)/{service}?parseTime=true", "Server={host};Uid={user};Pwd={alnum:16};Database={service}",
			"jdbc:postgresql://{host}/{service}?user={user}&password={alnum:18}", "host={host} user={user} password={alnum:18} dbname={service}",
		}},
	)
}

// lines are whole lines with a secret, in shell scripts and logs. VALUE is a
// vendor's token.
var lines = []string{
	"curl -sS -H \"Authorization: Bearer {b64url:40}\" https://{host}/v1/{thing}s",
	"curl -sS -u {user}:{alnum:18} https://{host}/v1/{thing}s",
	"psql \"host={host} user={user} password={alnum:18} dbname={service}\"",
	"mysql -h {host} -u {user} -p{alnum:16} {service}",
	"docker login -u {user} -p {alnum:24} registry.example.com",
	"2026-03-02T08:15:{int:10-59}Z DEBUG {service}: > Cookie: theme=dark; session_id={b64url:43}",
	"2026-03-02T08:15:{int:10-59}Z DEBUG {service}: < Set-Cookie: sid={hex:32}; Path=/; HttpOnly",
	"10.0.3.7 - - [02/Mar/2026:08:15:{int:10-59} +0000] \"GET /callback?access_token=VALUE&state={digits:8} HTTP/1.1\" 302 0",
	"2026-03-02T08:15:{int:10-59}Z ERROR {service}: invalid token VALUE, next try in {int:1-9}s",
	"2026-03-02T08:15:{int:10-59}Z ERROR {service}: {verb} failed [VALUE] status=401",
	"2026-03-02T08:15:{int:10-59}Z INFO {service}: login of {user} with password={alnum:14} from 10.0.3.{int:2-250}",
	"2026-03-02T08:15:{int:10-59}Z INFO {service}: <token>VALUE</token>",
}
