DROP TABLE media_assets;
DROP TABLE media_objects;
DROP TABLE media_keys;
