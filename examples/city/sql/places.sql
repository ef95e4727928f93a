CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE places (id serial PRIMARY KEY, name text NOT NULL, at geometry(Point, 4326) NOT NULL);
CREATE INDEX places_at ON places USING gist (at);
INSERT INTO places (name, at) VALUES
    ('Harbour', ST_SetSRID(ST_MakePoint(9.966, 53.545), 4326)),
    ('Town hall', ST_SetSRID(ST_MakePoint(9.992, 53.550), 4326)),
    ('Park', ST_SetSRID(ST_MakePoint(9.985, 53.560), 4326));
