/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/http/http_job.h"

#include <stdio.h>
#include <string.h>

#include "admin/http/http_request.h"
#include "admin/http/http_server_internal.h"
#include "base/clock.h"
#include "base/errand.h"
#include "base/memory.h"

enum {
    PLACES_BYTES = 384,
    TEXTS = 6
};

/* What the handler's thread has, and keeps if the job is abandoned. */
struct work {
    void (*handle)(struct http_request *request, void *context);
    void *context;
    struct http_request request;
    struct http_text body;
    char texts[]; /* of the request's header */
};

struct http_job {
    struct list link; /* of http_server.jobs, while its connection is suspended */
    struct MHD_Connection *conn;
    struct http_connection *connection;
    struct errand *errand; /* NULL: there was no thread for it yet */
    struct work *work;     /* the errand's */
    int wake_fd;
    int64_t since_ns;
    bool writes;
    bool abandoned;
    char places[PLACES_BYTES]; /* of one that was abandoned */
};

static void work_run(void *context)
{
    struct work *work = context;

    work->request.body = work->body.data;
    work->request.body_len = work->body.len;
    work->handle(&work->request, work->context);
}

static void work_free(void *context)
{
    struct work *work = context;

    http_text_fini(&work->body);
    http_text_fini(&work->request.reply.body);
    if (work->request.reply.source.end)
        work->request.reply.source.end(work->request.reply.source.context);
    memory_free(MEMORY_admin, work);
}

/* The query's parameters point into the query itself. */
static void query_move(struct http_query *to, const struct http_query *from)
{
    for (unsigned i = 0; i < from->count; i++) {
        to->of[i].name = to->text + (from->of[i].name - from->text);
        to->of[i].value = to->text + (from->of[i].value - from->text);
    }
}

/* The texts are of the connection's memory, which may be gone before the handler returns. */
static struct work *work_create(const struct http_request *request)
{
    const char *const texts[TEXTS] = {request->method,   request->path,
                                      request->accept,   request->content_type,
                                      request->if_match, request->if_none_match};
    const char **copies[TEXTS];
    size_t used = 0, size = 0;
    struct work *work;

    for (size_t i = 0; i < TEXTS; i++)
        size += texts[i] ? strlen(texts[i]) + 1 : 0;
    work = memory_zalloc(MEMORY_admin, sizeof(*work) + size);
    if (!work)
        return NULL;
    work->request = *request;
    query_move(&work->request.query, &request->query);
    copies[0] = &work->request.method;
    copies[1] = &work->request.path;
    copies[2] = &work->request.accept;
    copies[3] = &work->request.content_type;
    copies[4] = &work->request.if_match;
    copies[5] = &work->request.if_none_match;
    for (size_t i = 0; i < TEXTS; i++) {
        if (!texts[i])
            continue;
        *copies[i] = memcpy(work->texts + used, texts[i], strlen(texts[i]) + 1);
        used += strlen(texts[i]) + 1;
    }
    return work;
}

static void refuse(struct http_request *request, const char *format, const char *places)
{
    char detail[PLACES_BYTES + 128];

    (void)snprintf(detail, sizeof(detail), format, places[0] ? places : "a file system");
    http_reply_problem(&request->reply, 503, detail, NULL);
}

static uint32_t errands_most(const struct http_job *job)
{
    return job->writes ? LIMIT_ADMIN_WRITES : LIMIT_ADMIN_READS;
}

/* If it may not start now, it waits for one of the others to end. */
static void errand_try(struct http_job *job)
{
    const struct errand_work errand = {work_run, work_free, job->work, job->wake_fd};

    job->errand = errand_start(&errand, errands_most(job));
}

/* Those that hang leave no room for another one. */
static bool room_check(const struct http_job *job, struct http_request *request)
{
    char places[PLACES_BYTES];

    if (job->errand || errands_abandoned() < errands_most(job))
        return true;
    errand_places(NULL, places, sizeof(places));
    refuse(request, "as many requests as may wait already do so, for %s", places);
    return false;
}

static struct http_job *job_create(struct http_server *server, struct MHD_Connection *conn,
                                   const struct http_route *route,
                                   const struct http_request *request)
{
    struct http_job *job = memory_zalloc(MEMORY_admin, sizeof(*job));
    struct work *work = job ? work_create(request) : NULL;

    if (!work) {
        memory_free(MEMORY_admin, job);
        return NULL;
    }
    work->handle = route->handle;
    work->context = server->context;
    job->conn = conn;
    job->connection = http_connection_of(conn);
    job->work = work;
    job->wake_fd = server->wake_fd;
    job->since_ns = clock_now_ns();
    job->writes = (route->access & HTTP_WRITE) != 0;
    return job;
}

static void job_free(struct http_job *job)
{
    if (job->errand)
        errand_put(job->errand);
    else
        work_free(job->work);
    memory_free(MEMORY_admin, job);
}

struct http_job *http_job_start(struct http_server *server, struct MHD_Connection *conn,
                                const struct http_route *route, struct http_request *request,
                                struct http_text *body)
{
    struct http_job *job;

    if (server->ending) {
        http_reply_problem(&request->reply, 503, "the server is ending", NULL);
        return NULL;
    }
    job = job_create(server, conn, route, request);
    if (!job) {
        http_reply_problem(&request->reply, 503, "there is no memory for the request", NULL);
        return NULL;
    }
    job->work->body = *body;
    *body = (struct http_text){.len = 0};
    errand_try(job);
    if (!room_check(job, request)) {
        job_free(job);
        return NULL;
    }
    if (job->connection)
        job->connection->waits = true;
    list_push_back(&server->jobs, &job->link);
    MHD_suspend_connection(conn);
    return job;
}

static bool is_late(const struct http_job *job)
{
    return job->errand ? errand_is_late(job->errand)
                       : clock_now_ns() - job->since_ns >= LIMIT_ERRAND_S * NSEC_PER_SEC;
}

/* Is there nothing to wait for any more? */
static bool is_over(struct http_job *job, bool over)
{
    if (!job->errand && !over)
        errand_try(job);
    if (job->errand && errand_is_done(job->errand))
        return true;
    if (!over && !is_late(job))
        return false;
    errand_places(job->errand, job->places, sizeof(job->places));
    job->abandoned = !job->errand || errand_abandon(job->errand);
    return true;
}

/* The time that it waited is not held against the connection. */
static void resume(struct http_job *job)
{
    list_remove(&job->link);
    if (job->connection) {
        job->connection->waits = false;
        job->connection->since_ns += clock_now_ns() - job->since_ns;
    }
    MHD_resume_connection(job->conn);
}

void http_jobs_resume(struct http_server *server, bool over)
{
    LIST_FOREACH_SAFE (job, &server->jobs, struct http_job, link) {
        if (is_over(job, over))
            resume(job);
    }
}

void http_job_end(struct http_job *job, struct http_request *request)
{
    if (!job->abandoned) {
        request->reply = job->work->request.reply;
        job->work->request.reply = (struct http_reply){.status = 0};
    } else if (job->errand && errand_is_committed(job->errand)) {
        refuse(request, "%s does not answer; the change goes on, and is complete when it does",
               job->places);
    } else {
        refuse(request,
               job->writes ? "%s does not answer; nothing was changed" : "%s does not answer",
               job->places);
    }
    job_free(job);
}

void http_job_drop(struct http_job *job)
{
    if (!job)
        return;
    list_remove(&job->link);
    if (job->errand)
        (void)!errand_abandon(job->errand);
    job_free(job);
}
