package corpus

import "strings"

// vocabulary holds what fields stand for by name: alternatives, split by "|", each a
// template. Repeating one makes it likelier.
var vocabulary = map[string]string{
	"service": "billing|cart|catalog|checkout|customer|delivery|gateway|inventory|invoice|ledger|login|mailer|media|notify|orders|payments|pricing|profile|recommend|reports|search|sessions|shipping|stock|tax|users|warehouse|webhooks",
	"region":  "eu-central-1|eu-west-1|us-east-1|us-east-1|us-west-2|ap-southeast-2",
	"rack":    "fra1|dub2|iad3|pdx1|syd1",
	"host":    "$(service)-$(int:1-48)|$(service)$(int:10-99).$(rack).example.net|node-$(int:1-240).$(rack).example.net|ip-10-$(int:0-255)-$(int:0-255)-$(int:2-254)",
	"ip":      "$(int:11-223).$(int:0-255).$(int:0-255).$(int:1-254)|$(inner)|$(inner)",
	"inner":   "10.$(int:0-40).$(int:0-255).$(int:1-254)|192.168.$(int:0-20).$(int:1-254)|172.$(int:16-31).$(int:0-255).$(int:1-254)",
	"peer":    "$(inner):$(int:30000-65000)",
	"pod":     "$(service)-$(hex:9)-$(lower:5)|$(service)-$(int:0-4)",
	"ns":      "default|prod|prod|prod|staging|kube-system|monitoring|payments|data",
	"user":    "alice|anders|bela|carmen|chidi|dmitri|elif|farid|giulia|hana|ines|jonas|kofi|lena|mateo|nadia|olga|pavel|quentin|rosa|sven|tomoko|uma|viktor|wei|yara|zofia",
	"email":   "$(user).$(surname)@example.$(one:com|org|net)|$(user)@$(service).example.com",
	"surname": "abe|berg|costa|diaz|eriksen|fischer|garcia|haddad|ito|jansen|kowalski|lopez|mensah|novak|okafor|petrov|rossi|silva|tanaka|weber|yilmaz",
	"method":  "GET|GET|GET|GET|GET|GET|GET|POST|POST|PUT|PATCH|DELETE|HEAD|OPTIONS",
	"status":  "200|200|200|200|200|200|200|200|201|204|301|302|304|304|400|401|403|404|404|409|422|429|499|500|502|503|504",
	"level":   "INFO|INFO|INFO|INFO|INFO|DEBUG|DEBUG|WARN|ERROR",
	"lvl":     "info|info|info|info|info|debug|debug|warn|error",
	"path": "/|/healthz|/metrics|/api/v1/$(thing)s|/api/v1/$(thing)s/$(int:1000-9999999)|/api/v2/$(thing)s/$(uuid)|/api/v2/$(thing)s/$(uuid)/$(thing)s?$(query)|" +
		"/static/js/$(one:main|vendor|runtime|chunk-$(int:1-90)).$(hex:8).js|/static/css/app.$(hex:8).css|/images/$(thing)/$(int:100-99999)_$(one:s|m|l).jpg|/search?$(query)|/$(thing)s/$(words:1-1)-$(words:1-1)-$(int:100-9999)|" +
		"/oauth/authorize?client_id=$(service)-web&state=$(b64url:22)&$(query)|/v1/$(thing)s:batchGet?cursor=$(b64url:32)|/assets/$(hex:40)",
	"query":    "page=$(int:1-90)&limit=$(one:10|20|50|100)|q=$(words:1-1)+$(words:1-1)&sort=$(one:asc|desc)|from=$(epoch:s)&to=$(epoch:s)&step=$(int:5-600)|lang=$(one:en|de|fr|ja)&v=$(int:1-9).$(int:0-40)|utm_source=$(words:1-1)&utm_campaign=$(words:1-1)$(int:1-99)&gclid=$(b64url:40)|ids=$(int:1000-99999)%2C$(int:1000-99999)%2C$(int:1000-99999)",
	"thing":    "account|address|basket|coupon|customer|device|event|file|image|invoice|item|label|message|offer|order|parcel|payment|price|product|refund|report|review|shipment|subscription|ticket|user",
	"url":      "https://$(one:www|shop|m|api|cdn).example.$(one:com|org|net)$(path)|https://$(host)$(path)",
	"referrer": "-|-|$(url)|https://www.google.com/|https://www.example.com/$(thing)s",
	"agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/$(int:110-141).0.0.0 Safari/537.36|Mozilla/5.0 (X11; Linux x86_64; rv:$(int:100-140).0) Gecko/20100101 Firefox/$(int:100-140).0|" +
		"Mozilla/5.0 (iPhone; CPU iPhone OS $(int:14-18)_$(int:0-6) like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/$(int:14-18).0 Mobile/15E148 Safari/604.1|kube-probe/1.$(int:26-34)|curl/8.$(int:0-12).0|python-requests/2.$(int:20-32).$(int:0-4)|Go-http-client/$(one:1.1|2.0)|okhttp/4.$(int:9-12).0|Prometheus/2.$(int:40-55).$(int:0-3)",
	"duration": "$(dec:0-99.3)ms|$(dec:0-9.6)ms|$(dec:0-999.1)µs|$(dec:1-9.3)s|$(int:1-900)ms",
	"pkg":      "com.example.$(service)|com.example.$(service).$(one:api|core|dao|http|jobs|model|util)|org.acme.$(service).internal",
	"class":    "$(one:Abstract|Async|Batch|Cached|Default|Event|Http|Json|Kafka|Order|Payment|Retrying|Session|Shard|User)$(one:Client|Consumer|Controller|Dispatcher|Factory|Filter|Handler|Listener|Loader|Manager|Repository|Service|Worker)",
	"verb":     "accept|apply|build|call|close|commit|connect|create|decode|dispatch|execute|fetch|find|flush|handle|invoke|load|lookup|merge|open|parse|process|publish|read|resolve|run|save|send|submit|update|validate|write",
	"thread":   "http-nio-8080-exec-$(int:1-200)|pool-$(int:1-9)-thread-$(int:1-32)|main|scheduling-$(int:1-4)|kafka-consumer-$(int:0-11)|ForkJoinPool.commonPool-worker-$(int:1-7)",
	"table":    "$(thing)s|$(thing)_items|$(thing)_events|audit_log|outbox|$(service)_jobs",
	"column":   "id|created_at|updated_at|status|$(thing)_id|total_cents|currency|version|payload|email|tenant_id",
	"topic":    "$(service).$(thing).$(one:created|changed|deleted|requested).v$(int:1-3)|$(service)-events|__consumer_offsets|$(service)-dlq",
	"trace":    "$(hex:32)",
	"span":     "$(hex:16)",
	"goerror":  "context deadline exceeded|context canceled|EOF|unexpected EOF|i/o timeout|dial tcp $(inner):$(port): connect: connection refused|read tcp $(peer)->$(inner):443: read: connection reset by peer|rpc error: code = $(one:Unavailable|DeadlineExceeded|Internal|NotFound) desc = $(words:2-5)|no rows in result set|$(words:2-4)",
	"port":     "22|53|80|443|3306|5432|6379|8080|8443|9092|9200|11211",
	"image":    "registry.example.com/$(service)/$(one:api|worker|web|migrate):$(int:1-9).$(int:0-40).$(int:0-20)|registry.example.com/$(service)@sha256:$(hex:64)|docker.io/library/$(one:redis|nginx|postgres|busybox):$(int:1-17).$(int:0-9)",
	"gofile":   "$(one:server|handler|client|pool|cache|store|worker|queue|router|main|retry|watch)$(one:|_linux|_conn|_batch).go:$(int:12-980)",
	"account":  "$(digits:12)",
	"shortid":  "$(hex:7)|$(hex:8)|$(hex:12)|$(b64url:22)",
	"zh":       "服务器|连接|超时|请求|失败|成功|用户|登录|订单|支付|数据库|缓存|更新|删除|文件|上传|正在|已经|重新|启动|停止|检查|配置|消息|队列|版本|错误|警告|处理|完成",
	"ru":       "сервер|соединение|запрос|ошибка|пользователь|заказ|оплата|база|данных|кэш|обновлён|удалён|файл|загружен|запуск|остановка|проверка|настройки|сообщение|очередь|версия|предупреждение|готово|повтор|превышено|время|ожидания",
	"ar":       "الخادم|الاتصال|الطلب|خطأ|المستخدم|تسجيل|الدخول|الدفع|قاعدة|البيانات|تحديث|حذف|ملف|تحميل|بدء|إيقاف|فحص|إعدادات|رسالة|انتظار|إصدار|تحذير|اكتمل",
	"ja":       "サーバー|接続|要求|失敗|成功|ユーザー|ログイン|注文|支払い|データベース|キャッシュ|更新|削除|ファイル|アップロード|起動|停止|確認|設定|メッセージ|キュー|バージョン|エラー|警告|処理|完了",
	"emoji":    "😀|🎉|🚀|🔥|✅|❌|⚠️|💳|📦|🔑|👩‍💻|🇯🇵|🙏🏽|❤️|🤖",
	"session":  "$(b64url:22)|$(b64url:43)|$(hex:32)|$(uuid)|$(base64:43)=",
}

// prose is what messages are made of.
var prose = strings.Fields(`the a of for with while after before from into by on not no new old last first next all one two
	request response connection timeout retry attempt server client worker queue batch message event record partition offset
	cache miss expired entry key value lookup index shard replica leader follower election commit snapshot segment log file
	disk memory buffer limit quota exceeded reached usage high low load average pressure slow fast query plan scan join lock
	waiting acquired released deadlock transaction rollback aborted started stopped starting stopping shutdown ready healthy
	unhealthy degraded recovered failed succeeded completed skipped ignored dropped rejected accepted queued scheduled running
	finished pending payment order customer invoice shipment parcel warehouse stock price discount coupon tax total amount
	currency user account profile session login logout permission denied allowed role group tenant region zone cluster node
	pod container image volume mount service endpoint upstream downstream proxy gateway router route header body payload
	schema version migration upgrade config reload changed updated created deleted inserted found missing invalid malformed
	unexpected unknown duplicate conflict stale outdated certificate expires renewal handshake cipher protocol stream frame
	token bucket rate throttled backoff jitter interval seconds minutes hours window count size bytes rows items pages`)
