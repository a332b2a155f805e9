# docker build -t districttype . && docker run --rm -v "$PWD/data:/work/data" districttype classify espoo
FROM python:3.12-slim
RUN useradd --create-home planner && mkdir /work && chown planner /work
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
RUN pip install --no-cache-dir /src && rm -rf /src
USER planner
WORKDIR /work
ENTRYPOINT ["districttype"]
CMD ["--help"]
