using System.Net;
using System.Net.Sockets;
using Naf.Host.Common;

namespace Naf.Host.Watching;

/// <summary>
/// An HTTP server of one page for browsers on this machine: it listens on 127.0.0.1, takes GET of / alone, and refuses
/// a host that is not a name of the loopback interface, by which a web site could have its own name resolved to it.
/// </summary>
internal sealed class LoopbackServer : IDisposable
{
    private const int MaxHeaderBytes = 16_384;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly TcpListener _listener;
    private readonly Func<string> _page;

    /// <param name="port">0: any that is free.</param>
    /// <param name="page">Makes the page, in HTML; called by one thread at a time.</param>
    /// <exception cref="UserException">The port is in use or may not be used.</exception>
    public LoopbackServer(int port, Func<string> page)
    {
        (_listener, _page) = (new TcpListener(IPAddress.Loopback, port), page);
        try
        {
            _listener.Start();
        }
        catch (SocketException e)
        {
            _listener.Dispose();
            throw new UserException($"port {port} of this machine can't be used: {e.Message.TrimEnd('.')}; choose "
                + "another", e) { Option = "--port N" };
        }
    }

    /// <summary>Where the page is.</summary>
    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/";

    /// <summary>Answers requests until it is stopped.</summary>
    public async Task Run(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(stop);
                _ = Task.Run(() => Answer(client, stop), CancellationToken.None);
            }
        }
        catch (OperationCanceledException)
        {
            // stopped
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task Answer(TcpClient client, CancellationToken stop)
    {
        using TcpClient closed = client;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(RequestTimeout);
        try
        {
            NetworkStream stream = client.GetStream();
            byte[] buffer = new byte[MaxHeaderBytes];
            int length = 0, read;
            while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8) && length < buffer.Length)
            {
                read = await stream.ReadAsync(buffer.AsMemory(length), limit.Token);
                if (read == 0) break;
                length += read;
                if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is >= 0 and var end) length = end + 4;
            }
            byte[] response = Response(Encoding.ASCII.GetString(buffer, 0, length));
            // a page can take longer than a request may
            limit.CancelAfter(RequestTimeout);
            await stream.WriteAsync(response, limit.Token);
            // a connection that is closed before all was read may lose the answer
            client.Client.Shutdown(SocketShutdown.Send);
            while (await stream.ReadAsync(buffer, limit.Token) > 0) { }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // the browser has gone
        }
    }

    // the answer to a request, whole
    private byte[] Response(string head)
    {
        (int status, string reason) = StatusOf(head);
        string body = $"{reason}\n", type = "text/plain";
        if (status == 200)
            lock (_listener) (body, type) = (_page(), "text/html");
        byte[] content = Encoding.UTF8.GetBytes(body);
        string headers = $"HTTP/1.1 {status} {reason}\r\nContent-Type: {type}; charset=utf-8\r\n"
            + $"Content-Length: {content.Length}\r\nConnection: close\r\nCache-Control: no-store\r\n"
            + (status == 405 ? "Allow: GET\r\n" : "") + "X-Content-Type-Options: nosniff\r\n"
            // the page loads nothing but itself
            + "Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src data:; "
            + "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(headers), .. content];
    }

    private static (int Status, string Reason) StatusOf(string head)
    {
        string[] lines = head.Split("\r\n"), request = lines[0].Split(' ');
        string[] hosts = [.. lines.Skip(1).Where(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase))];
        if (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal) || request.Length != 3 || hosts.Length != 1)
            return (400, "Bad Request");
        string host = hosts[0]["Host:".Length..].Trim();
        if (!Uri.TryCreate($"http://{host}/", UriKind.Absolute, out Uri? uri) || !uri.IsLoopback)
            return (403, "Forbidden");
        if (request[0] != "GET") return (405, "Method Not Allowed");
        return request[1] == "/" ? (200, "OK") : (404, "Not Found");
    }
}
