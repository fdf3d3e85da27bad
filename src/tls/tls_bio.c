/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_bio.h"

#include <pthread.h>
#include <string.h>

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int bio_read(BIO *bio, char *data, size_t len, size_t *got)
{
    struct tls_bio *memory = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (memory->in_len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *got = len < memory->in_len ? len : memory->in_len;
    memcpy(data, memory->in, *got);
    memory->in += *got;
    memory->in_len -= *got;
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *written)
{
    struct tls_bio *memory = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (len > memory->out_size - memory->out_len)
        return 0;
    memcpy(memory->out + memory->out_len, data, len);
    memory->out_len += len;
    *written = len;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* Never freed: sessions may end as late as the process. */
static void method_create(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mainstay");
    if (!method)
        return;
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
}

BIO *tls_bio_create(struct tls_bio *memory)
{
    BIO *bio;

    pthread_once(&method_once, method_create);
    bio = method ? BIO_new(method) : NULL;
    if (!bio)
        return NULL;
    BIO_set_data(bio, memory);
    BIO_set_init(bio, 1);
    return bio;
}
