/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON becomes a document as the one of a configuration file, so the same table of keys reads
 * it.  No key of an export has anything deeper than a list of texts.
 */
#include "admin/config/config_json.h"

#include <jansson.h>
#include <stdio.h>

#include "admin/config/document.h"

enum {
    NUMBER_BYTES = 32
};

static struct document_node *node_make(struct document *document, enum document_kind kind)
{
    struct document_node *node = must_calloc(1, sizeof(*node));

    *node = (struct document_node){.kind = kind, .line = 1, .before = document->made};
    document->made = node;
    document->count++;
    return node;
}

static struct document_node *text_make(struct document *document, const char *text, bool plain)
{
    struct document_node *node = node_make(document, DOCUMENT_TEXT);

    node->text = must_strdup(text);
    node->plain = plain;
    return node;
}

/* A list and a map without what is in them. */
static struct document_node *value_make(struct document *document, const json_t *value)
{
    char number[NUMBER_BYTES];

    switch (json_typeof(value)) {
    case JSON_STRING:
        return text_make(document, json_string_value(value), false);
    case JSON_INTEGER:
        (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        return text_make(document, number, true);
    case JSON_REAL:
        (void)snprintf(number, sizeof(number), "%.17g", json_real_value(value));
        return text_make(document, number, true);
    case JSON_TRUE:
        return text_make(document, "true", true);
    case JSON_FALSE:
        return text_make(document, "false", true);
    case JSON_NULL:
        break;
    case JSON_ARRAY:
        return node_make(document, DOCUMENT_LIST);
    case JSON_OBJECT:
        return node_make(document, DOCUMENT_MAP);
    }
    return text_make(document, "null", true);
}

static void key_add(struct document *document, struct document_node *map, const char *name,
                    const json_t *value)
{
    struct document_node *key = text_make(document, name, true);
    const json_t *item;
    size_t i;

    document_child_add(map, key);
    key->value = value_make(document, value);
    json_array_foreach(value, i, item) document_child_add(key->value, value_make(document, item));
}

/* A list of exports, with one. */
static struct document_node *list_make(struct document *document, json_t *json)
{
    struct document_node *list = node_make(document, DOCUMENT_LIST);
    struct document_node *item = value_make(document, json);
    const char *name;
    json_t *value;

    document_child_add(list, item);
    json_object_foreach(json, name, value) key_add(document, item, name, value);
    return list;
}

struct config *config_json_read(const char *text, config_export_check *check,
                                struct config_faults *faults)
{
    struct config *config = config_create();
    struct document document = {0};
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (json)
        config_export_read(list_make(&document, json), config, check, faults);
    else
        config_faults_add(faults, 1, "not JSON: %s", error.text);
    document_fini(&document);
    json_decref(json);
    return config;
}
