DROP TABLE import_keys, import_rows, imports, bulk_creations;
