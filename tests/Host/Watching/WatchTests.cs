using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Naf.Host.Training;
using Naf.Host.Watching;

namespace Naf.Tests;

/// <summary>naf watch: the page on runs in every state, and the server that shows it.</summary>
internal sealed class WatchTests : FolderFixture
{
    private static readonly string[] Charts = ["Test score: ", "Score of each training episode", "Mean loss", "Mean Q"];

    [TestCase("GET / HTTP/1.1\r\nHost: 127.0.0.1:6070", ExpectedResult = 200)]
    [TestCase("GET / HTTP/1.1\r\naccept: */*\r\nhost: localhost:9999", ExpectedResult = 200,
        Description = "through a tunnel, the port is another")]
    [TestCase("GET / HTTP/1.1\r\nHost: [::1]:6070", ExpectedResult = 200)]
    [TestCase("GET / HTTP/1.1\r\nHost: attacker.example:6070", ExpectedResult = 403)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost.attacker.example", ExpectedResult = 403)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost@attacker.example", ExpectedResult = 403)]
    [TestCase("GET / HTTP/1.1\r\nHost: 192.168.0.1", ExpectedResult = 403)]
    [TestCase("GET / HTTP/1.1", ExpectedResult = 400)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example", ExpectedResult = 400)]
    [TestCase("GET /", ExpectedResult = 400)]
    [TestCase("", ExpectedResult = 400)]
    [TestCase("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2", ExpectedResult = 405)]
    [TestCase("HEAD / HTTP/1.1\r\nHost: localhost", ExpectedResult = 405)]
    [TestCase("GET /config.yaml HTTP/1.1\r\nHost: localhost", ExpectedResult = 404)]
    [TestCase("GET /../../etc/passwd HTTP/1.1\r\nHost: localhost", ExpectedResult = 404)]
    [TestCase("GET /? HTTP/1.1\r\nHost: localhost", ExpectedResult = 404)]
    public int Only_the_page_is_served_and_only_to_this_machine(string request)
    {
        using var server = new LoopbackServer(0, () => "<main>μ(x)</main>");
        using var stop = new CancellationTokenSource();
        Task running = server.Run(stop.Token);
        string answer = Ask(server, request + "\r\n\r\n");
        Assert.That(answer.Contains("<main>μ(x)</main>"), Is.EqualTo(answer.StartsWith("HTTP/1.1 200 OK\r\n")));
        Assert.That(answer, Does.Contain("\r\nConnection: close\r\n").And.Contain("default-src 'none'"));
        stop.Cancel();
        Assert.That(running.Wait(10_000), Is.True);
        return int.Parse(answer.Split(' ')[1]);
    }

    [Test]
    public void A_request_that_never_ends_keeps_nobody_waiting()
    {
        using var server = new LoopbackServer(0, () => "page");
        using var stop = new CancellationTokenSource();
        Task running = server.Run(stop.Token);
        using var silent = new TcpClient("127.0.0.1", new Uri(server.Url).Port);
        Assert.That(Ask(server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), Does.EndWith("\r\n\r\npage"));
        string endless = Ask(server, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + new string('x', 20_000));
        Assert.That(endless, Does.StartWith("HTTP/1.1 400 "));
        stop.Cancel();
        Assert.That(running.Wait(10_000), Is.True);
    }

    [Test]
    public void A_run_is_shown_from_its_beginning_to_its_end()
    {
        using (TrainingRun run = TinyRun.Begin(Folder["run"], 6, "learners=2", "seed=3"))
        {
            var watch = new RunWatch(Folder["run"]);
            string begun = watch.Page();
            Assert.That(begun, Does.Contain("No episode has ended yet").And.Contain("the first checkpoint"));
            Dictionary<int, string> seen = [];
            run.Train(progress: p =>
            {
                if (p.EpisodesEnded is 1 or 3) seen[p.EpisodesEnded] = watch.Page(); // of both learners, at last
            });
            string finished = watch.Page();
            string[] pages = [.. seen.Values];
            Assert.That(pages, Has.Length.EqualTo(2));
            Assert.That(pages.Append(finished), Is.Unique);
            Assert.That(pages, Has.All.Contain("is not finished"));
            Assert.That(pages, Has.All.Contain(" seed 3</li>").And.All.Contain(" seed 4</li>"));
            Assert.That(finished, Does.Not.Contain("is not finished"));
            foreach (string page in pages.Append(finished))
                Assert.That(Charts.Where(chart => !page.Contains($"aria-label=\"{chart}")), Is.Empty);
            Assert.That(watch.Page(), Is.SameAs(finished), "nothing has changed");
        }
        TinyRun.Train(Folder["unwatched"], 6, "learners=2", "seed=3");
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(TinyRun.Metrics(Folder["unwatched"])));
    }

    [Test]
    public void The_curves_are_the_numbers_of_the_metrics()
    {
        TinyRun.Train(Folder["run"], 4);
        string page = new RunWatch(Folder["run"]).Page(), chart = page[page.IndexOf("aria-label=\"Mean loss")..];
        string line = Regex.Matches(chart[..chart.IndexOf("</figure>")], "<polyline points=\"([^\"]+)\"")
            .Select(m => m.Groups[1].Value).First(points => points.Split(' ').Length == 4);
        double[] ys = [.. line.Split(' ').Select(point => double.Parse(point.Split(',')[1]))],
            losses = [.. TinyRun.Rows(Folder["run"]).Skip(1).Select(row => double.Parse(row["loss"]))];
        // a chart is linear, and pixels count downwards
        double scale = (ys[1] - ys[0]) / (losses[1] - losses[0]);
        Assert.That(scale, Is.Negative);
        Assert.That(ys.Select(y => losses[0] + (y - ys[0]) / scale), Is.EqualTo(losses).Within(0.01 * losses.Max()));
    }

    [Test]
    public void Many_seeds_are_a_median()
    {
        TinyRun.Train(Folder["run"], 1, "learners=8");
        Assert.That(new RunWatch(Folder["run"]).Page(),
            Does.Contain(" median of 8 seeds</li>").And.Not.Contain(" seed 0</li>"));
    }

    [Test]
    [Needs(Need.Egl)]
    public void The_newest_policy_has_a_picture_and_nothing_is_loaded_from_elsewhere()
    {
        TinyRun.Train(Folder["run"], 2);
        var watch = new RunWatch(Folder["run"]);
        string first = watch.Page();
        TinyRun.Resume(Folder["run"], changes: "episodes=4");
        string second = watch.Page();
        Assert.That(first, Does.Contain("The policy of seed 0 after episode 2: "));
        Assert.That(second, Does.Contain("The policy of seed 0 after episode 4: "));
        string[] sources = [.. Regex.Matches(first, "(?:src|href)=\"([^\"#]*)").Select(m => m.Groups[1].Value)];
        Assert.That(sources.Where(source => source.Length > 0), Has.All.StartsWith("data:"));
        byte[] png = Convert.FromBase64String(sources.Single(s => s.StartsWith("data:image/png;base64,"))[22..]);
        Assert.That(png[1..4], Is.EqualTo("PNG"u8.ToArray()));
    }

    [Test]
    public void A_run_that_was_damaged_meanwhile_is_said_to_be_so()
    {
        TinyRun.Train(Folder["run"], 2);
        var watch = new RunWatch(Folder["run"]);
        foreach (string checkpoint in Directory.GetFiles(Folder["run/checkpoint"])) File.WriteAllText(checkpoint, "x");
        Assert.That(watch.Page(), Does.Contain("There is no picture: no checkpoint of the run can be used"));
        File.Delete(Folder["run/config.yaml"]);
        Assert.That(watch.Page(), Does.Contain("is not a run&#39;s folder"));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "signals are sent by kill, which Windows has not")]
    public void Ctrl_C_ends_it_without_an_error()
    {
        TinyRun.Train(Folder["run"], 1);
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        Assert.That(TinyRun.CliError(1, "watch", Folder["run"], "--port", $"{port}"),
            Does.Match($"^naf: port {port} of this machine can't be used: .*; choose another \\(--port N\\)\n$"));
        free.Stop();
        using var child = new ChildProcess("watch", Folder["run"], "--port", $"{port}", "--json");
        using var client = new HttpClient();
        string page = "";
        child.WaitUntil(() =>
        {
            try
            {
                page = client.GetStringAsync($"http://127.0.0.1:{port}/").Result;
            }
            catch (AggregateException)
            {
                // it has not begun to listen
            }
            return page.Length > 0;
        });
        Assert.That(page, Does.Contain("<h1>run</h1>"));
        child.Signal("INT");
        Assert.That((child.Wait(), child.Error.Result), Is.EqualTo((0, "")));
        Assert.That(JsonDocument.Parse(child.Output.Result).RootElement.Text("url"),
            Is.EqualTo($"http://127.0.0.1:{port}/"));
    }

    private static string Ask(LoopbackServer server, string request)
    {
        using var client = new TcpClient("127.0.0.1", new Uri(server.Url).Port);
        NetworkStream stream = client.GetStream();
        stream.Write(Encoding.ASCII.GetBytes(request));
        client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
