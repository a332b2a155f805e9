# docker build -t districttype . && docker run --rm -v "$PWD/data:/home/planner/city/data" districttype classify espoo
FROM python:3.12-slim
RUN useradd --create-home planner && mkdir /home/planner/city && chown planner /home/planner/city
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
RUN pip install --no-cache-dir /src && rm -rf /src
USER planner
WORKDIR /home/planner/city
ENTRYPOINT ["districttype"]
CMD ["--help"]
