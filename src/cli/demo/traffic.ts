import { Agent, request } from 'node:http';
import type { Departure } from './flights-source.ts';

export type Answer = { predictionId: string; flightId: number; landedMs: number; late: 0 | 1 };
export type TrafficCount = {
  sent: number;
  answered: number;
  failed: number;
  firstFailure: string | null;
};

/**
 * Sends departures to the gateway as a client would: one HTTP request a flight, entity keys and what is known before
 * departure, `connections` at a time over kept connections.
 */
export class Traffic implements Disposable {
  readonly count: TrafficCount = { sent: 0, answered: 0, failed: 0, firstFailure: null };
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #connections: number;

  constructor(gatewayUrl: string, endpoint: string, connections = 64) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#url = new URL(`/endpoints/${endpoint}/predict`, gatewayUrl);
    this.#connections = connections;
  }

  /** Sends all and gives the answers in the order of the departures; a flight without a valid answer counts as failed. */
  async send(departures: readonly Departure[]): Promise<Answer[]> {
    const answers: (Answer | undefined)[] = Array.from({ length: departures.length });
    let next = 0;
    const worker = async (): Promise<void> => {
      for (;;) {
        const index = next;
        next += 1;
        const departure = departures[index];
        if (!departure) return;
        this.count.sent += 1;
        try {
          const predictionId = await this.#predict(departure);
          this.count.answered += 1;
          answers[index] = {
            predictionId,
            flightId: departure.flightId,
            landedMs: departure.landedMs,
            late: departure.late,
          };
        } catch (error) {
          this.count.failed += 1;
          this.count.firstFailure ??= error instanceof Error ? error.message : String(error);
        }
      }
    };
    await Promise.all(
      Array.from({ length: Math.min(this.#connections, departures.length) }, worker),
    );
    return answers.filter((answer) => answer !== undefined);
  }

  async #predict(departure: Departure): Promise<string> {
    // The flight's own id is the unit of the split, so that every replay assigns it to the same arm.
    const body = JSON.stringify({ inputs: [departure.request], ids: [String(departure.flightId)] });
    const { status, text } = await this.#post(body, departure.atMs);
    return readPrediction(status, text);
  }

  #post(body: string, atMs: number): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.#url,
        {
          method: 'POST',
          agent: this.#agent,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'rondo-calendar-time': String(atMs),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, text });
          });
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** The id of a valid answer: status 200 and a probability. Anything else is a failure. */
function readPrediction(status: number, text: string): string {
  if (status !== 200) throw new Error(`status ${status}: ${text.slice(0, 200)}`);
  const { predictions } = JSON.parse(text) as {
    predictions: { id: string; score: number | null }[];
  };
  const [prediction] = predictions;
  const score = prediction?.score;
  if (!prediction || typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    throw new Error(`no valid score in ${text.slice(0, 200)}`);
  }
  return prediction.id;
}
