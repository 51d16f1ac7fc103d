package set

// decoy is a kind of hard negative: text that looks like a secret and is none.
type decoy struct {
	class  string
	fields []string
	forms  []string // of the value
}

// decoys are the hard negatives that stand as the value of a field.
var decoys = []decoy{
	{"UUID", []string{"key_id", "idempotency_key", "token_id", "client_id", "secret_version_id", "access_policy_id"}, []string{"{uuid}", "{uuid}", "urn:uuid:{uuid}", "{service}-{uuid}"}},
	{"hash", []string{"image_digest", "etag", "cache_key", "key_fingerprint", "commit", "secret_checksum", "integrity"}, []string{
		"{hex:40}", "{hex:64}", "{hex:32}", "sha256:{hex:64}", "sha512-{base64:86}==", "SHA256:{base64:43}",
	}},
	{"placeholder", []string{"api_key", "password", "client_secret", "access_token", "secret_key", "db_password"}, []string{
		"YOUR_API_KEY_HERE", "<your-access-token>", "changeme", "xxxxxxxxxxxxxxxxxxxxxxxx", "REPLACE_WITH_REAL_VALUE", "********", "insert-secret-here",
		"your_{service}_password", "[REDACTED]", "put_the_{word}_token_here", "00000000000000000000", "...", "not-set", "example_key_for_{service}",
	}},
	{"documented example", []string{"access_key", "secret_key", "token", "api_key"}, []string{
		"AKIAIOSFODNN7" + "EXAMPLE", "wJalrXUtnFEMI/K7" + "MDENG/bPxRfiCYEXAMPLEKEY", "ghp" + "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"sk_test" + "_XXXXXXXXXXXXXXXXXXXXXXXX", "xoxb" + "-your-bot-token-goes-here", "glpat" + "-XXXXXXXXXXXXXXXXXXXX", "AIzaSy" + "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
	}},
	{"reference", []string{"password", "api_key", "client_secret", "auth_token", "db_password", "signing_key"}, []string{
		"${DB_PASSWORD}", "$(vault kv get -field=password secret/{service})", "{{ .Values.auth.existingSecretPassword }}", "${{ secrets.DEPLOY_TOKEN }}",
		"vault:secret/data/{service}#password", "file:/run/secrets/{service}_password", "op://{word}/{service}-production/credential", "env:{word}_SECRET_ACCESS_KEY",
		"arn:aws:secretsmanager:eu-west-1:{digits:12}:secret:prod/{service}-Ab{alnum:4}", "!Ref {word}DatabasePassword", "process.env.STRIPE_SECRET_KEY", "os.environ['{word}_API_TOKEN']",
		"projects/{service}-prod/secrets/db-password/versions/{int:1-40}", "ENC[AES256_GCM,data:{base64:22}==,iv:{base64:43}=,tag:{base64:22}==,type:str]",
	}},
	{"test fixture", []string{"password", "token", "api_key", "secret"}, []string{
		"test-token", "fake_secret_for_tests", "not-a-real-password", "dummy-{service}-key", "unit-test-password", "mock_access_token_{int:1-9}", "secret", "password123", "token-{int:1-99}", "my-test-{word}-api-key",
	}},
	{"identifier", []string{"password_field", "token_type", "auth_provider", "key_path", "secret_name", "tokenizer", "access_key_header", "sort_key", "credentials_provider", "api_version"}, []string{
		"login{word}PasswordInput", "urn:ietf:params:oauth:token-type:access_token", "azureActiveDirectoryV2", "customers/by-region/{word}/2026", "{service}-database-credentials",
		"bert-base-uncased", "X-{word}-Access-Key-Header", "tenant#{service}#created_at", "com.example.{service}.auth.StaticCredentialsProvider", "2026-03-02-preview", "{word}.{word}.{word}.Handler",
	}},
	{"public key", []string{"public_key", "stripe_publishable_key", "ssh_host_key", "verification_key"}, []string{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64:43} {user}@example.com", "pk" + "_live_{alnum:24}", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{base64:340} {user}@example.com", "age1{lower:58}",
	}},
	{"image", []string{"logo", "avatar", "key_icon", "background"}, []string{
		"data:image/png;base64,iVBORw0KGgo{base64:600}", "data:image/gif;base64,R0lGODlh{base64:200}", "data:font/woff2;base64,d09GMgAB{base64:900}",
	}},
	{"translation", []string{"password", "forgot_password", "token_expired", "api_key_hint", "secret_question"}, []string{
		"Passwort vergessen?", "Your session token has expired, please sign in again", "Das Geheimnis wurde gespeichert", "Geben Sie hier Ihren API-Schlüssel ein", "Mot de passe oublié ?",
		"パスワードを入力してください", "Введите пароль ещё раз", "Enter the access key that was sent to you by mail", "Contraseña incorrecta",
	}},
}

// decoyLines are whole lines of that kind, by the kind of file.
var decoyLines = []struct {
	class, file string
	forms       []string
}{
	{"lock file", "package-lock.json", []string{"      \"integrity\": \"sha512-{base64:86}==\",", "      \"resolved\": \"https://registry.example.org/{word}/-/{word}-{int:1-9}.{int:0-20}.0.tgz\","}},
	{"lock file", "Cargo.lock", []string{"checksum = \"{hex:64}\"", "name = \"{word}-auth-token\""}},
	{"lock file", "poetry.lock", []string{"    {file = \"{word}_secrets-{int:1-9}.{int:0-20}.0-py3-none-any.whl\", hash = \"sha256:{hex:64}\"},"}},
	{"lock file", "deps.sum", []string{"example.org/{word}/authkeys v{int:1-9}.{int:0-20}.0 h1:{base64:43}="}},
	{"workflow", "deploy.yml", []string{"      - uses: actions/create-{word}-token@{hex:40} # v{int:1-9}", "          token: ${{ secrets.{service}_TOKEN }}", "          key: {service}-${{ hashFiles('**/lockfile') }}-{hex:8}"}},
	{"manifest", "deployment.yaml", []string{"              secretKeyRef: { name: {service}-database-credentials, key: password }", "            - name: {word}_API_KEY", "          checksum/secret: {hex:64}"}},
	{"code", "tokens.ts", []string{"  const token = tokenizer.next({word}Token.kind);", "  if (password.length < minimumPasswordLength) {", "export const accessTokenKey = Symbol('{service}AccessTokenKey');", "  keys.push(keyPath({word}Key, {word}Index));", "  const secretKeyBytes = await deriveKeyFromPassword(password, salt);"}},
	{"code", "auth.go", []string{"\tapiKey := os.Getenv(\"{word}_API_KEY\")", "\treq.Header.Set(\"Authorization\", \"Bearer \"+token.AccessToken)", "\tpassword, err := readPasswordFromTerminal(stdin, \"{service} password: \")", "\tsecretKey := deriveKey(masterKey, []byte(\"{service}-encryption-key\"))"}},
	{"log", "app.log", []string{
		"2026-03-02T08:15:{int:10-59}Z INFO {service}: token refreshed for user {user}, expires in {int:100-9000}s", "2026-03-02T08:15:{int:10-59}Z INFO {service}: etag=\"{hex:32}\" key=customers/{uuid}/avatar.png",
		"10.0.3.{int:2-250} - {user} [02/Mar/2026:08:15:{int:10-59} +0000] \"GET /oauth/authorize?client_id={service}-web&state={b64url:22}&code_challenge={b64url:43} HTTP/1.1\" 302 0",
		"2026-03-02T08:15:{int:10-59}Z DEBUG {service}: request_id={uuid} traceparent=00-{hex:32}-{hex:16}-01", "2026-03-02T08:15:{int:10-59}Z WARN {service}: password policy: minimum length {int:8-20}, last changed by {user}",
		"2026-03-02T08:15:{int:10-59}Z DEBUG {service}: partition key={service}.{thing}.v{int:1-9} offset={digits:9} checksum={hex:40}",
	}},
}
