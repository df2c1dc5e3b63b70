/* The load: people in rooms, as many as lines on standard input, each "TOKEN ROOM" ("-" for none).
 *
 *   load PORT SECONDS SENDERS IN_FLIGHT RATE TEXT_BYTES < people
 *
 * Everyone connects, begins a session and joins; then the first SENDERS send. IN_FLIGHT > 0: each keeps so many sends
 * unanswered. RATE > 0 instead: so many sends a second in all, at their times whether answered or not, and the time
 * from there to every receiver is noted. SENDERS 0: everyone sits still.
 *
 * Every frame is looked at: message.posted is counted, answers are told from refusals. It prints a line of JSON for each
 * step ("connected", "ready", "begun", "ended", "done"), so that the caller can look at the server in the same moments.
 * Written in C because a load in Python is slower than the servers it is to measure.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SHAKING, CONNECTED, STARTING, READY };
enum { PEEK = 512, READ_BYTES = 1 << 18, AT_ONCE = 64, MOST_TIMES = 1 << 24 };
enum { WARM_MS = 1000, QUIET_MS = 300, PATIENCE_MS = 10000 };

struct person {
    int fd, state;
    char token[128], room[64];
    long sent, answered;
    int head_have;       /* bytes of the frame at hand that are kept in head */
    uint64_t skip;       /* bytes of its payload that are still to come and not to be looked at */
    unsigned char head[PEEK + 16];
};

static struct person *people;
static int count, senders, in_flight, rate, text_bytes, port, poller, timer;
static int connecting, shaken, starting, ready, next_person, stopped, lost;
static long sent, answered, refused, heard, other, received;
static uint64_t run_id, rate_began, rate_due;
static uint32_t *times;
static long times_noted;
static int noting;
static char *text;
static unsigned char buffer[READ_BYTES];

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* A line of JSON that is still open: the caller ends it. */
static void say(const char *step, uint64_t since) {
    printf("{\"step\":\"%s\",\"ns\":%llu,\"people\":%d,\"sent\":%ld,\"answered\":%ld,\"refused\":%ld,\"heard\":%ld,"
           "\"other\":%ld,\"bytes\":%ld,\"lost\":%d",
           step, (unsigned long long)(now_ns() - since), count, sent, answered, refused, heard, other, received, lost);
}

static void say_step(const char *step, uint64_t since) {
    say(step, since);
    puts("}");
    fflush(stdout);
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

static int mask_frame(unsigned char *out, const char *payload, int n) {
    int h = 0;
    out[h++] = 0x81;
    if (n < 126) {
        out[h++] = (unsigned char)(0x80 | n);
    } else {
        out[h++] = 0x80 | 126;
        out[h++] = (unsigned char)(n >> 8);
        out[h++] = (unsigned char)n;
    }
    memset(out + h, 0, 4); /* a mask of zeros leaves the payload as it is */
    memcpy(out + h + 4, payload, (size_t)n);
    return h + 4 + n;
}

static void put(struct person *p, const unsigned char *data, int n) {
    while (n > 0) {
        ssize_t done = send(p->fd, data, (size_t)n, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN) continue; /* the server reads little else than this */
        if (done < 0) return;                      /* reading notes the loss */
        data += done;
        n -= (int)done;
    }
}

static int message_frame(struct person *p, unsigned char *out, uint64_t due) {
    char payload[17000];
    int n = snprintf(payload, sizeof payload,
                     "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"message.send\",\"params\":{\"room\":\"%s\",\"text\":\"at=%016llx %s\","
                     "\"client_id\":\"%llx-%lx\"}}",
                     p->sent + 3, p->room, (unsigned long long)due, text, (unsigned long long)run_id, p->sent);
    p->sent++;
    sent++;
    return mask_frame(out, payload, n);
}

static void send_messages(struct person *p, int n) {
    static unsigned char out[1 << 20];
    int size = 0;
    uint64_t due = now_ns();
    for (int i = 0; i < n; i++) {
        size += message_frame(p, out + size, due);
        if (size > (1 << 20) - 20000) {
            put(p, out, size);
            size = 0;
        }
    }
    put(p, out, size);
}

/* What is due by now; a late one keeps its time, so that waiting counts. */
static void send_due(void) {
    unsigned char out[18000];
    uint64_t expired;
    if (read(timer, &expired, sizeof expired) < 0 && errno != EAGAIN) die("timer");
    for (uint64_t now = now_ns(); !stopped && rate_began + rate_due * 1000000000u / (uint64_t)rate <= now; rate_due++) {
        struct person *p = &people[rate_due % (uint64_t)senders];
        put(p, out, message_frame(p, out, rate_began + rate_due * 1000000000u / (uint64_t)rate));
    }
    uint64_t next = rate_began + rate_due * 1000000000u / (uint64_t)rate;
    struct itimerspec at = {.it_value = {(time_t)(next / 1000000000u), (long)(next % 1000000000u)}};
    if (!stopped) timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

static void note_time(const char *payload, int n) {
    const char *at = memmem(payload, (size_t)n, "at=", 3); /* how every text of ours begins */
    if (at && at + 19 <= payload + n && times_noted < MOST_TIMES)
        times[times_noted++] = (uint32_t)((now_ns() - strtoull(at + 3, NULL, 16)) / 1000);
}

static void begun_session(struct person *p) {
    if (p->state != STARTING) return;
    p->state = READY;
    starting--;
    ready++;
}

static void look_at(struct person *p, const char *payload, int n) {
    int peek = n < 64 ? n : 64;
    if (memmem(payload, (size_t)peek, "\"message.posted\"", 16)) {
        heard++;
        if (noting) note_time(payload, n);
    } else if (memmem(payload, (size_t)peek, "\"method\"", 8)) {
        other++;
    } else if (memmem(payload, (size_t)peek, "\"result\"", 8)) {
        if (p->state == READY) {
            answered++;
            p->answered++;
        } else if (memmem(payload, (size_t)peek, p->room[0] ? "\"id\":2," : "\"id\":1,", 7)) {
            begun_session(p);
        }
    } else if (memmem(payload, (size_t)peek, "\"error\"", 7)) {
        if (refused++ == 0) fprintf(stderr, "load: refused: %.*s\n", n < 300 ? n : 300, payload);
        begun_session(p);
    }
}

/* How long head and payload are, from the first bytes of a frame; 0 where more are needed. */
static int frame_size(const unsigned char *at, uint64_t have, uint64_t *payload) {
    if (have < 2) return 0;
    *payload = at[1] & 127;
    int head = *payload < 126 ? 2 : *payload == 126 ? 4 : 10;
    if (have < (uint64_t)head) return 0;
    if (head > 2) {
        *payload = 0;
        for (int i = 2; i < head; i++) *payload = *payload << 8 | at[i];
    }
    return head;
}

/* Look at one frame from its beginning. Gives the bytes used of these, or 0 where more are needed to judge it. */
static uint64_t take_frame(struct person *p, const unsigned char *at, uint64_t have) {
    uint64_t payload;
    int head = frame_size(at, have, &payload);
    uint64_t peek = payload < PEEK ? payload : PEEK;
    if (!head || have < (uint64_t)head + peek) return 0;
    if ((at[0] & 15) == 9) put(p, (const unsigned char *)"\x8a\x80\0\0\0\0", 6);
    else if ((at[0] & 15) == 8) fprintf(stderr, "load: closed: %d\n", at[head] << 8 | at[head + 1]);
    else look_at(p, (const char *)at + head, (int)peek);
    uint64_t whole = (uint64_t)head + payload;
    p->skip = whole > have ? whole - have : 0;
    return whole > have ? have : whole;
}

/* A frame whose beginning came in an earlier read: complete what is kept of it. Gives the bytes used of these. */
static uint64_t take_kept(struct person *p, const unsigned char *at, uint64_t have) {
    int before = p->head_have;
    uint64_t room = sizeof p->head - (uint64_t)before, more = have < room ? have : room;
    memcpy(p->head + before, at, more);
    p->head_have += (int)more;
    uint64_t used = take_frame(p, p->head, (uint64_t)p->head_have);
    if (!used) return more;
    p->head_have = 0;
    return used - (uint64_t)before;
}

static void take_frames(struct person *p, const unsigned char *at, uint64_t have) {
    while (have > 0) {
        uint64_t used;
        if (p->skip) {
            used = p->skip < have ? p->skip : have;
            p->skip -= used;
        } else if (p->head_have) {
            used = take_kept(p, at, have);
        } else if (!(used = take_frame(p, at, have))) {
            memcpy(p->head, at, have); /* less than a head and PEEK bytes, or it could have been judged */
            p->head_have = (int)have;
            used = have;
        }
        at += used;
        have -= used;
    }
}

static void lose(struct person *p) {
    close(p->fd);
    if (!lost++) fprintf(stderr, "load: a connection was lost\n");
}

static void take_handshake(struct person *p, ssize_t n) {
    const unsigned char *end = memmem(buffer, (size_t)n, "\r\n\r\n", 4);
    if (!end || memcmp(buffer, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "load: no WebSocket: %.*s\n", (int)(n < 200 ? n : 200), buffer);
        exit(1);
    }
    p->state = CONNECTED;
    connecting--;
    shaken++;
    take_frames(p, end + 4, (uint64_t)(buffer + n - end - 4));
}

static void receive(struct person *p) {
    ssize_t n = recv(p->fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        lose(p);
        return;
    }
    received += n;
    long before = p->answered;
    if (p->state == SHAKING) take_handshake(p, n);
    else take_frames(p, buffer, (uint64_t)n);
    if (p->answered > before && in_flight && !stopped) send_messages(p, (int)(p->answered - before));
}

static int turn(int wait_ms) {
    struct epoll_event events[256];
    int n = epoll_wait(poller, events, 256, wait_ms);
    for (int i = 0; i < n; i++) events[i].data.ptr ? receive(events[i].data.ptr) : send_due();
    return n;
}

/* --- the steps ---------------------------------------------------------------------------------------------------- */
static void open_one(struct person *p) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[1024], login[256] = "";
    int one = 1;
    p->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(p->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    epoll_ctl(poller, EPOLL_CTL_ADD, p->fd, &event);
    if (p->token[0]) snprintf(login, sizeof login, "Authorization: Bearer %s\r\n", p->token);
    int n = snprintf(request, sizeof request,
                     "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: c2l4dGVlbiBieXRlcy4uLg==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", port, login);
    put(p, (unsigned char *)request, n);
    connecting++;
}

static void connect_all(void) {
    uint64_t began = now_ns();
    while (shaken < count) {
        while (next_person < count && connecting < AT_ONCE) open_one(&people[next_person++]);
        if (!turn(PATIENCE_MS)) die("no handshake in 10 s");
    }
    say_step("connected", began);
}

static void start_one(struct person *p) {
    static const char start[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.start\",\"params\":{}}";
    unsigned char out[512];
    char join[256];
    int n = mask_frame(out, start, sizeof start - 1);
    if (p->room[0]) {
        int length = snprintf(join, sizeof join, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"room.join\",\"params\":{\"room\":\"%s\"}}", p->room);
        n += mask_frame(out + n, join, length);
    }
    p->state = STARTING;
    starting++;
    put(p, out, n);
}

static void start_all(void) {
    uint64_t began = now_ns();
    int wanted = 0, next = 0;
    for (int i = 0; i < count; i++) wanted += people[i].token[0] || people[i].room[0];
    while (ready < wanted) {
        for (; next < count && starting < AT_ONCE; next++)
            if (people[next].token[0] || people[next].room[0]) start_one(&people[next]);
        if (!turn(PATIENCE_MS)) die("no session in 10 s");
    }
    uint64_t done = now_ns() - began;
    while (turn(QUIET_MS)) {}
    say_step("ready", now_ns() - done);
}

static void run_for(uint64_t ms) {
    uint64_t end = now_ns() + ms * 1000000u;
    for (uint64_t now = now_ns(); now < end && lost < count; now = now_ns()) turn((int)((end - now) / 1000000u) + 1);
}

static void begin_sending(void) {
    rate_began = now_ns();
    if (rate) send_due();
    else
        for (int i = 0; i < senders; i++) send_messages(&people[i], in_flight);
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void say_ended(uint64_t began) {
    say("ended", began);
    if (times_noted) {
        qsort(times, (size_t)times_noted, sizeof *times, by_size);
        printf(",\"p50_us\":%u,\"p99_us\":%u", times[times_noted / 2], times[times_noted * 99 / 100]);
    }
    puts("}");
    fflush(stdout);
}

static void measure(double seconds) {
    begin_sending();
    run_for(seconds < 1 ? (uint64_t)(seconds * 1000) : WARM_MS);
    noting = rate > 0;
    uint64_t began = now_ns();
    say_step("begun", began);
    run_for((uint64_t)(seconds * 1000));
    noting = 0;
    say_ended(began);
    stopped = 1;
    uint64_t end = now_ns() + (uint64_t)PATIENCE_MS * 1000000u;
    while ((answered + refused < sent || turn(QUIET_MS)) && now_ns() < end) turn(QUIET_MS);
    say_step("done", began);
}

static void read_people(void) {
    char token[128], room[64];
    for (int size = 0; scanf("%127s %63s", token, room) == 2; count++) {
        if (count == size) people = realloc(people, sizeof *people * (size_t)(size = size ? size * 2 : 1024));
        memset(&people[count], 0, sizeof *people);
        if (strcmp(token, "-")) strcpy(people[count].token, token);
        if (strcmp(room, "-")) strcpy(people[count].room, room);
    }
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "load PORT SECONDS SENDERS IN_FLIGHT RATE TEXT_BYTES < people\n");
        return 2;
    }
    port = atoi(argv[1]), senders = atoi(argv[3]), in_flight = atoi(argv[4]), rate = atoi(argv[5]), text_bytes = atoi(argv[6]);
    run_id = now_ns() / 1000000000u; /* so that no client_id comes twice from one user */
    text = calloc(1, (size_t)text_bytes + 1);
    memset(text, 'x', (size_t)(text_bytes > 20 ? text_bytes - 20 : 0));
    times = malloc(sizeof *times * MOST_TIMES);
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
    read_people();
    connect_all();
    start_all();
    if (senders) measure(atof(argv[2]));
    else run_for((uint64_t)(atof(argv[2]) * 1000));
    return 0;
}
