# docker build -t districttype --build-arg VERSION=1.2.3 .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/home/planner/city" districttype classify espoo
FROM python:3.12-slim
# the wheels of osmium and rasterio take libexpat from the system, and slim images have none
RUN apt-get update && apt-get install --yes --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home planner && mkdir /home/planner/city && chown planner /home/planner/city
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
# the version stands in git, which the image does without
ARG VERSION=0.0
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DISTRICTTYPE="$VERSION" pip install --no-cache-dir /src \
    && rm -rf /src && python -c 'import osmium, rasterio'
USER planner
WORKDIR /home/planner/city
ENTRYPOINT ["districttype"]
CMD ["--help"]
