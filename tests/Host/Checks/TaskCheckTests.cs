using NUnit.Framework.Constraints;

namespace Naf.Tests;

/// <summary>naf tasks --check: the report matches the task, and it finds the usual mistakes.</summary>
internal sealed class TaskCheckTests
{
    [Test]
    public void Report_has_the_names_that_scripts_rely_on_and_the_random_score_of_evaluate()
    {
        JsonElement check = TinyRun.CliJson("tasks", "--check", "walker2d", "--episodes", "5", "--json");
        JsonElement evaluated = TinyRun.CliJson(
            "evaluate", "walker2d", "--policy", "random", "--episodes", "5", "--json");
        JsonElement model = check.GetProperty("model"), score = check.GetProperty("random_score"),
            ends = check.GetProperty("termination");
        Assert.Multiple(() =>
        {
            Assert.That(check.Text("task"), Is.EqualTo("walker2d"));
            Assert.That(model.Count("joints"), Is.EqualTo(9));
            Assert.That(model.GetProperty("joints")[3].Number("high"), Is.EqualTo(1.7453293));
            Assert.That(model.GetProperty("actuators")[0].Text("name"), Is.EqualTo("right_hip"));
            Assert.That(model.Number("control_step"), Is.EqualTo(0.025).Within(1e-15));
            foreach (string name in (string[])["mean", "standard_deviation", "success_rate", "episodes"])
                Assert.That(score.Number(name), Is.EqualTo(evaluated.Number(name)), name);
            Assert.That(ends.Number("rate"), Is.EqualTo(1), "random actions make it fall");
            Assert.That(ends.GetProperty("bounds").EnumerateArray().Sum(b => b.Number("rate")), Is.AtLeast(1));
            Assert.That(check.GetProperty("measures")[1].Number("rate"), Is.Zero, "none stands at the end");
            Assert.That(check.Count("warnings"), Is.Zero);
        });

        // the terms and the termination reward add up to the score
        double[] parts = [.. check.GetProperty("reward").EnumerateArray().Select(t => t.Number("mean"))];
        Assert.That(parts.Sum() - 0.05, Is.EqualTo(score.Number("mean")).Within(1e-12));
        Assert.That(check.GetProperty("reward")[0].Text("of"), Is.EqualTo("root_x.velocity"));
        Assert.That(check.GetProperty("reward")[1].Text("of"), Is.EqualTo("action"));
    }

    [Test]
    public void Observation_statistics_are_those_of_the_starts_and_steps()
    {
        JsonElement x = TinyRun.CliJson("tasks", "--check", "cartpole", "--episodes", "20", "--json")
            .GetProperty("observation");
        JsonElement cosine = x[2], speed = x[4];
        Assert.Multiple(() =>
        {
            Assert.That((cosine.Text("name"), cosine.Text("entry")), Is.EqualTo(("hinge.cos", "cos")));
            Assert.That(cosine.Number("minimum"), Is.InRange(-1, -0.9999), "it starts hanging");
            Assert.That(cosine.Number("maximum"), Is.InRange(-0.9, 1));
            Assert.That(speed.Number("scaled_deviation"),
                Is.EqualTo(speed.Number("deviation") * speed.Number("input_scale")).And.Positive);
        });
    }

    [TestCase("{position: slider}", "{name: cart, point: cart}",
        "warning: cart.y is always 0, since no joint moves it: leave it out (components: xy",
        "warning: cart.z is always 1")]
    [TestCase("{velocity: [slider, hinge]}", "{velocity: [slider, hinge], input_scale: 100}",
        "warning: hinge.velocity reaches the networks with a deviation of ", "give it input_scale: 0.")]
    [TestCase("  - {quadratic: action, weight: -0.0002}\n", "",
        "warning: actions cost nothing: planners need a small cost")]
    [TestCase("reward_scale: 10", "reward_scale: 0.1", "warning: inside the learner a reward is 0.0013",
        "write reward_scale: 7 under")]
    [TestCase("reward_scale: 10", "reward_scale: 40", "warning: inside the learner a reward is 0.5",
        "write reward_scale: 7 under")]
    [TestCase("reward_scale: 10", "reward_scale: 10\n  gamma: 0.9999", "warning: the largest reward, 0.01",
        "has the value 15", "lower reward_scale or gamma")]
    [TestCase("measures:", "termination: {outside: {hinge.cos: [0, inf]}}\nmeasures:",
        "warning: every random episode ends at once, at step 1 on average")]
    [TestCase("reward:", "actions: {range: [4]}\nreward:",
        "warning: 75% of the actions of 'push' change nothing", "beyond its ctrlrange of -1 to 1")]
    [TestCase("- {velocity: [slider, hinge]}", "- {velocity: [slider, hinge]}\n  - {phase: 0.05}",
        "warning: phase turns once in 0.05 s, and a control step is 0.03 s: give it a period of many steps")]
    [TestCase("reward:", "reward:\n  - {product: [{value: slider}], weight: 0.01}",
        "warning: a factor of a product is 1 only where its signal is exactly 0, and 0 everywhere else")]
    [TestCase("upright: {above: 0.9800665778412416}", "upright: {above: -2}",
        "warning: every random episode is a success")]
    public void Usual_mistakes_in_a_task_are_found(string old, string replacement, params string[] words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", old, replacement);
        if (words[0].Contains("cart.y")) // the rest of the file refers to the slide's position
            File.WriteAllText(path, File.ReadAllText(path).Replace("{quadratic: slider,", "{quadratic: cart.x,"));
        AssertFound(path, words);
    }

    [TestCase("ctrlrange=\"-1 1\"", "",
        "warning: actuator 'push' has no ctrlrange, so that its controls are the actions")]
    [TestCase("gear=\"10\"", "gear=\"1e-4\"",
        "warning: actuator 'push' at its limit changes what the networks see by at most ",
        " in 100 steps: is the body that it moves fixed")]
    [TestCase("gear=\"10\"", "gear=\"0\"", "warning: actuator 'push' changes nothing that is observed")]
    [TestCase("solreflimit=\".08 1\"", "solreflimit=\".02 1\" ref=\"9\"",
        "warning: without any action something moves at ", "joints beyond their limits?")]
    public void Usual_mistakes_in_a_model_are_found(string old, string replacement, params string[] words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole");
        scratch.ChangeModel("cartpole", old, replacement);
        AssertFound(path, words);
    }

    [TestCase("range=\"-1.8 1.8\"", "range=\"-1.8 1.8\" limited=\"false\"")]
    [TestCase("ctrlrange=\"-1 1\"", "ctrlrange=\"-1 1\" ctrllimited=\"false\"")]
    public void A_range_that_is_switched_off_by_name_is_meant(string old, string replacement)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole");
        scratch.ChangeModel("cartpole", old, replacement);
        Assert.That(
            TinyRun.Cli("tasks", "--check", path, "--episodes", "3").Out, Does.EndWith("nothing found wrong\n"));
    }

    [Test]
    public void What_never_changes_in_random_play_is_told()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "observation:", "observation:\n  - {sensor: bump}");
        scratch.ChangeModel("cartpole", "</actuator>",
            "</actuator><sensor><touch name=\"bump\" site=\"top\"/></sensor>");
        AssertFound(path, episodes: 20,
            ["warning: bump was 0 in every random episode: leave it out, unless a trained policy changes it"]);
    }

    [Test]
    public void The_mass_of_a_body_that_stands_has_no_effect()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "reset:", "reset:\n  - {mass: post, uniform: [0, 1]}");
        scratch.ChangeModel("cartpole", "<worldbody>", "<worldbody><body name=\"post\">"
            + "<geom type=\"sphere\" size=\".02\" mass=\"1\" contype=\"0\" conaffinity=\"0\"/></body>");
        AssertFound(path, ["warning: the reset draws the mass of post, which no joint moves"]);
    }

    [Test]
    public void Keyframes_and_mocap_bodies_are_listed()
    {
        using var scratch = new ScratchFolder();
        JsonElement model = TinyRun
            .CliJson("tasks", "--check", ModelTask.Write(scratch, ""), "--episodes", "2", "--json")
            .GetProperty("model");
        Assert.That((model.GetProperty("keyframes")[0].GetString(), model.GetProperty("mocaps")[0].GetString()),
            Is.EqualTo(("raised", "goal")));
    }

    [Test]
    public void States_of_actuators_that_nothing_shows_are_told()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole");
        scratch.ChangeModel("cartpole", "<motor", "<general dyntype=\"filter\" dynprm=\"0.5\"");
        AssertFound(path, ["warning: actuators have activation states (1: muscles, filters, integrators) that no"]);
    }

    [Test]
    public void An_actuator_whose_joint_starts_at_its_upper_limit_moves_it_down()
    {
        using var scratch = new ScratchFolder();
        scratch.Write("tilt.xml", """
            <mujoco>
              <option gravity="0 0 0"/>
              <worldbody>
                <body>
                  <joint name="tilt" range="-20 0" limited="true"/>
                  <geom size=".1" pos=".2 0 0"/>
                </body>
              </worldbody>
              <actuator>
                <velocity joint="tilt" kv=".1" ctrlrange="-1 1" ctrllimited="true"/>
              </actuator>
            </mujoco>
            """);
        string path = scratch.Write("tilt.yaml", """
            name: tilt
            description: Starts at its limit
            model: tilt.xml
            substeps: 10
            horizon: 50
            observation:
              - {position: tilt}
            reward:
              - {quadratic: tilt, weight: -1}
              - {quadratic: action, weight: -0.1}
            """);
        Assert.That(TinyRun.Cli("tasks", "--check", path, "--episodes", "3").Out, Does.Not.Contain("actuator '0'"));
    }

    [Test]
    public void An_arm_that_hangs_on_a_mocap_body_is_told()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["held.xml"], """
            <mujoco><worldbody>
            <body name="handle" mocap="true" pos="0 0 1.4"><geom size=".02" contype="0" conaffinity="0"/></body>
            <body pos="0 0 1"><joint name="shoulder" axis="0 1 0" damping=".5"/>
              <geom size=".05 .2" type="capsule" pos="0 0 .2"/><body name="hand" pos="0 0 .4"><geom size=".03"/></body>
            </body></worldbody>
            <equality><weld body1="handle" body2="hand"/></equality>
            <actuator><motor joint="shoulder" name="turn" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>
            """);
        File.WriteAllText(scratch["held.yaml"], """
            name: held
            description: An arm that cannot move
            model: held.xml
            substeps: 5
            horizon: 50
            observation: [{point: hand, components: xz}, {velocity: shoulder}]
            reward: [{linear: hand.z, weight: 0.1}, {quadratic: action, weight: -0.01}]
            """);
        AssertFound(scratch["held.yaml"], ["warning: actuator 'turn' at its limit changes what the networks see by",
            "in 50 steps: is the body that it moves fixed (an equality, a mocap body)"]);
    }

    [Test]
    public void What_has_no_name_is_referred_to_by_its_number()
    {
        const int Links = 17;
        using var scratch = new ScratchFolder();
        IEnumerable<int> links = Enumerable.Range(0, Links);
        File.WriteAllText(scratch["many.xml"], $"""
            <mujoco><compiler autolimits="true"/><worldbody>{string.Concat(links.Select(i =>
                $"<body pos='0 {i} 1'><joint name='j{i}' axis='0 1 0'/><geom size='.02 .1' type='capsule'/></body>"))}
            <body pos="0 -1 1"><joint axis="0 1 0"/><geom size=".02 .1" type="capsule"/></body></worldbody>
            <actuator>{string.Concat(links.Select(i => $"<motor joint='j{i}' ctrlrange='-1 1'/>"))}</actuator></mujoco>
            """);
        // joint 17 and body 18, and all actuators, have no name
        File.WriteAllText(scratch["many.yaml"], $$"""
            name: many
            description: More actuators than sixteen
            model: many.xml
            substeps: 5
            horizon: 50
            reset: [{position: 17, at: 0.5}]
            observation:
              - {position: [{{string.Join(", ", links.Select(i => $"j{i}"))}}, 17]}
              - {point: 18, components: z}
            reward:
              - {quadratic: 17, weight: -1}
              - {quadratic: 18, weight: -1}
              - {quadratic: action.16, weight: -0.1}
              - {quadratic: action, weight: -0.1}
              {{string.Join("\n  ", links.Select(i => $"- {{linear: j{i}, weight: 0.01}}"))}}
            """);
        JsonElement check = TinyRun.CliJson("tasks", "--check", scratch["many.yaml"], "--episodes", "3", "--json");
        JsonElement reward = check.GetProperty("reward"), model = check.GetProperty("model");
        Assert.That(reward.GetArrayLength(), Is.EqualTo(4 + Links), "more than eight terms");
        Assert.That((reward[2].Text("of"), reward[3].Text("of")), Is.EqualTo(("action.16", "action")));
        Assert.That(model.GetProperty("joints")[17].Text("name"), Is.EqualTo("17"));
        Assert.That(check.GetProperty("observation")[17].Number("maximum"), Is.GreaterThan(0.4), "where it starts");
        (int exitCode, _, string error) = TinyRun.Cli(
            "train", scratch["many.yaml"], "--episodes", "2", "--out", scratch["run"], "--imagination", "fitted",
            "--set", "refit_episodes=1", "--set", "hidden=[8, 8]", "--set", "verification_episodes=0");
        Assert.That(exitCode, Is.Zero, error);
    }

    [Test]
    public void A_task_that_breaks_down_fails_the_check()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole");
        scratch.ChangeModel("cartpole", "gear=\"10\"", "gear=\"1e13\"");
        Assert.That(TinyRun.CliError(1, "tasks", "--check", path), Does.Contain("cartpole, step 1 of the episode"));
    }

    [TestCase("tasks --check carpole", "did you mean 'cartpole'?")]
    [TestCase("tasks --check cartpole --episodes 0", "--episodes 0: expected a whole number from 1 to 100000")]
    [TestCase("tasks --episodes 3", "--episodes 3 goes with --check FILE")]
    public void What_cannot_be_checked_is_said_in_a_sentence(string arguments, string words) =>
        Assert.That(TinyRun.CliError(1, arguments.Split(' ')), Does.Contain(words));

    [Test]
    public void A_malformed_task_is_refused_with_its_place()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "sin_cos: hinge", "sin_cos: hing");
        Assert.That(TinyRun.CliError(1, "tasks", "--check", path),
            Does.Match(@"cartpole\.yaml:\d+:\d+: the model has no joint 'hing'; did you mean 'hinge'\?"));
    }

    [TestCase("taux: 1", "there is no setting 'taux' (did you mean tau?); naf train --help all lists them")]
    [TestCase("tau: hello", "tau = 'hello' is not a number in (0, 1]")]
    [TestCase("replay_capacity: 10", "replay_capacity = 10 is less than batch_size = 64")]
    public void Settings_that_train_refuses_are_refused_in_its_words(string setting, string words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "tau: 0.01", setting);
        string error = TinyRun.CliError(1, "tasks", "--check", path);
        Assert.That(error, Does.Contain(words));
        Assert.That(error, Is.EqualTo(TinyRun.Cli("train", path, "--episodes", "1", "--out", scratch["run"]).Error));
    }

    [Test]
    public void A_mistake_in_the_settings_for_ddpg_is_found()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "tau: 0.01", "ddpg: {taux: 1}");
        Assert.That(TinyRun.CliError(1, "tasks", "--check", path), Does.Match(@"line \d+: there is no setting 'taux'"));
    }

    [TestCaseSource(typeof(ContractTasks), nameof(ContractTasks.Names))]
    public void Nothing_is_found_wrong_with_the_tasks_that_there_are(string name)
    {
        JsonElement warnings = TinyRun
            .CliJson("tasks", "--check", ContractTasks.PathOf(name), "--episodes", "4", "--json")
            .GetProperty("warnings");
        // peg's scale suits the rewards near the slot, a twentieth of those of random actions
        Constraint expected = name == "peg" ? Has.All.Match("inside the learner") : Is.Empty;
        Assert.That(warnings.EnumerateArray().Select(w => w.GetString()), expected);
    }

    [Test]
    public void A_point_for_each_step_is_too_much_for_the_learner()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["mast.xml"], """
            <mujoco><compiler autolimits="true"/><option timestep=".01"/>
            <worldbody><body pos="0 0 1"><joint name="lean" type="hinge" axis="0 1 0"/>
              <geom type="capsule" fromto="0 0 0 0 0 .6" size=".03"/></body></worldbody>
            <actuator><motor joint="lean" gear="2" ctrlrange="-1 1"/></actuator></mujoco>
            """);
        File.WriteAllText(scratch["mast.yaml"], """
            name: mast
            description: Keep a mast upright
            model: mast.xml
            substeps: 2
            horizon: 200
            observation:
              - {position: lean}
              - {velocity: lean}
            reward:
              - {linear: lean, scale: 0, offset: 1, weight: 1}
              - {quadratic: action, weight: -0.0001}
            termination: {outside: {lean: [-0.5, 0.5]}}
            """);
        AssertFound(scratch["mast.yaml"],
            ["warning: inside the learner a reward is 1 on average and 1 at the 95th percentile",
                "write reward_scale: 0.1 under"]);
        JsonElement size = TinyRun.CliJson("tasks", "--check", scratch["mast.yaml"], "--episodes", "3", "--json")
            .GetProperty("reward_size");
        Assert.Multiple(() =>
        {
            Assert.That(size.Number("per_step"), Is.EqualTo(1).Within(1e-4));
            Assert.That(size.Number("percentile95"), Is.InRange(size.Number("per_step"), size.Number("largest")));
            Assert.That(size.Number("largest_value"), Is.EqualTo(size.Number("largest") / (1 - 0.99)).Within(1e-9));
            Assert.That(size.Number("suggested"), Is.EqualTo(0.1));
        });
    }

    [TestCase("{value: hinge.cos, bounds: [2, inf]}", "warning: random actions find no reward: learning begins once")]
    [TestCase("{value: slider, bounds: [900, inf], margin: 50}", "warning: random actions find no reward (at most ")]
    [TestCase("{value: hinge.cos, bounds: [0.3, inf]}", "warning: random actions find reward in only ",
        "% of the steps, from which no reward_scale follows")]
    public void Rewards_that_random_actions_do_not_find_suggest_no_scale(string factor, params string[] words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole"), text = File.ReadAllText(path);
        int reward = text.IndexOf("reward:", StringComparison.Ordinal);
        int measures = text.IndexOf("measures:", StringComparison.Ordinal);
        File.WriteAllText(path, text[..reward]
            + $"reward: [{{weight: 1, product: [{factor}]}}]\n\n{text[measures..]}");
        AssertFound(path, 40, words);
        JsonElement size = TinyRun.CliJson("tasks", "--check", path, "--episodes", "40", "--json")
            .GetProperty("reward_size");
        Assert.That(size.GetProperty("suggested").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(TinyRun.Cli("tasks", "--check", path, "--episodes", "40").Out,
            Does.Not.Contain("write reward_scale"));
    }

    [Test]
    public void A_reward_of_actions_alone_is_no_task()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole"), text = File.ReadAllText(path);
        int reward = text.IndexOf("reward:", StringComparison.Ordinal);
        int measures = text.IndexOf("measures:", StringComparison.Ordinal);
        File.WriteAllText(path, text[..reward] + "reward: [{quadratic: action, weight: -1}]\n\n" + text[measures..]);
        AssertFound(path, ["warning: the reward looks at no observation, only at actions: it is best to do nothing"]);
    }

    private static void AssertFound(string path, string[] words) => AssertFound(path, 3, words);

    private static void AssertFound(string path, int episodes, string[] words)
    {
        (int exitCode, string output, string error) =
            TinyRun.Cli("tasks", "--check", path, "--episodes", $"{episodes}");
        Assert.That(exitCode, Is.Zero, error);
        string text = string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        foreach (string word in words) Assert.That(text, Does.Contain(word));
        Assert.That(text, Does.Match("[0-9]+ warnings?$"));
    }
}
