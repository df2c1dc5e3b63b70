/* The floor: what plain C does with one send() to each socket for each message. Nothing is stored, nothing is checked.
 *
 *   floor PORT
 *
 * One process, one epoll. It answers handshakes and requests just well enough for load.c, tells everyone connected what
 * anyone sends, in a frame as long as the server's, and answers the sender. A socket that cannot take a whole frame waits
 * for it, so nothing is lost and nothing is queued.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 20000, KEPT = 1 << 18 };

struct peer {
    int fd, shaken, have;
    char *kept;
};

static struct peer *peers[MOST];
static int count, poller;
static long seq;

static void put(int fd, const char *data, size_t n) {
    while (n > 0) {
        ssize_t done = send(fd, data, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN) {
            struct pollfd wait = {fd, POLLOUT, 0};
            poll(&wait, 1, 1000);
            continue;
        }
        if (done < 0) return;
        data += done;
        n -= (size_t)done;
    }
}

static size_t frame(char *out, const char *payload, size_t n) {
    size_t h = 0;
    out[h++] = (char)0x81;
    if (n < 126) {
        out[h++] = (char)n;
    } else {
        out[h++] = 126;
        out[h++] = (char)(n >> 8);
        out[h++] = (char)n;
    }
    memcpy(out + h, payload, n);
    return h + n;
}

/* The value of a member, found by its name; enough for what load.c sends. */
static int member(const char *from, size_t n, const char *name, const char **value) {
    const char *at = memmem(from, n, name, strlen(name));
    if (!at) return 0;
    *value = at + strlen(name);
    return (int)strcspn(*value, "\",}");
}

static void tell_everyone(const char *text, int text_size, const char *client_id, int client_id_size) {
    char payload[18000], out[18010];
    int n = snprintf(payload, sizeof payload,
                     "{\"jsonrpc\":\"2.0\",\"method\":\"message.posted\",\"params\":{\"room\":\"bench\",\"seq\":%ld,\"id\":\"%024lx\",\"at\":%ld,"
                     "\"author\":{\"id\":\"%024d\",\"handle\":\"person\",\"name\":\"Person\",\"bot\":false},\"text\":\"%.*s\","
                     "\"client_id\":\"%.*s\"}}",
                     seq, seq, 1700000000000 + seq, 1, text_size, text, client_id_size, client_id);
    size_t size = frame(out, payload, (size_t)n);
    for (int i = 0; i < count; i++)
        if (peers[i]->shaken) put(peers[i]->fd, out, size);
}

static void take_request(struct peer *p, const char *payload, size_t n) {
    const char *id = "0", *text = "", *client_id = "";
    char answer[256], out[300];
    int id_size = member(payload, n, "\"id\":", &id);
    if (memmem(payload, n, "\"message.send\"", 14)) {
        seq++;
        int text_size = member(payload, n, "\"text\":\"", &text), client_id_size = member(payload, n, "\"client_id\":\"", &client_id);
        tell_everyone(text, text_size, client_id, client_id_size);
    }
    int size = snprintf(answer, sizeof answer, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"seq\":%ld}}", id_size, id, seq);
    put(p->fd, out, frame(out, answer, (size_t)size));
}

/* Frames of load.c: masked with zeros, one whole message each. */
static void take_frames(struct peer *p) {
    int at = 0;
    while (p->have - at >= 6) {
        const unsigned char *head = (unsigned char *)p->kept + at;
        int length = head[1] & 127, size = 6;
        if (length == 126) {
            if (p->have - at < 8) break;
            length = head[2] << 8 | head[3];
            size = 8;
        }
        if (p->have - at < size + length) break;
        if ((head[0] & 15) == 1) take_request(p, (const char *)head + size, (size_t)length);
        at += size + length;
    }
    memmove(p->kept, p->kept + at, (size_t)(p->have - at));
    p->have -= at;
}

static void shake(struct peer *p) {
    /* The key of load.c is always the same, and so is the answer to it. */
    static const char yes[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: c29tZSBhbnN3ZXI=\r\n\r\n";
    p->kept[p->have] = 0;
    if (!strstr(p->kept, "\r\n\r\n")) return;
    p->have = 0;
    p->shaken = 1;
    put(p->fd, yes, sizeof yes - 1);
}

static void drop(struct peer *p) {
    for (int i = 0; i < count; i++)
        if (peers[i] == p) peers[i] = peers[--count];
    close(p->fd);
    free(p->kept);
    free(p);
}

static void receive(struct peer *p) {
    ssize_t n = recv(p->fd, p->kept + p->have, (size_t)(KEPT - 1 - p->have), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        drop(p);
        return;
    }
    p->have += (int)n;
    if (p->shaken) take_frames(p);
    else shake(p);
}

static void greet(int door) {
    int one = 1, fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0 || count == MOST) {
        if (fd >= 0) close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct peer *p = calloc(1, sizeof *p);
    p->fd = fd;
    p->kept = malloc(KEPT);
    peers[count++] = p;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (argc != 2) return 2;
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(door, (struct sockaddr *)&at, sizeof at) < 0 || listen(door, 4096) < 0) {
        perror("floor");
        return 1;
    }
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) greet(door);
            else receive(events[i].data.ptr);
        }
    }
}
