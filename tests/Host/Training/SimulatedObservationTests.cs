using Naf.Host.Training;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>Observations that are read from the simulation, and geoms and cameras as places.</summary>
internal sealed class SimulatedObservationTests : MujocoFixture
{
    private static readonly string Press = ContractTasks.PathOf("press");

    // an arm that hits a wall, with sensors whose values entries of h give too; elements with and without names
    private const string Arm = """
        <mujoco><option timestep="0.004"/><worldbody>
          <geom name="wall" type="box" size=".1 1 1" pos=".75 0 1"/>
          <body name="drone" pos="0 2 2"><freejoint name="fly"/><geom type="box" size=".1 .2 .05"/></body>
          <body name="arm" pos="0 0 1"><joint name="yaw" axis="0 0 1"/><joint axis="0 1 0" pos=".1 0 0"/>
            <geom name="arm" type="capsule" fromto="0 0 0 .5 .1 .2" size=".04"/>
            <geom size=".05" pos=".5 .1 .2"/>
            <camera name="eye" pos=".1 .2 .3" euler="10 20 30"/>
            <camera name="chase" mode="trackcom" pos="1 0 0"/>
            <site name="tip" pos=".5 .1 .2"/></body>
        </worldbody>
        <actuator><motor name="yaw" joint="yaw" gear="3" ctrlrange="-1 1" ctrllimited="true"/>
          <general joint="yaw" dyntype="integrator" gainprm="2" ctrlrange="-1 1" ctrllimited="true"/></actuator>
        <sensor><jointpos name="angle" joint="yaw"/><jointvel joint="yaw"/>
          <framequat name="attitude" objtype="body" objname="drone"/>
          <framepos name="arm_place" objtype="geom" objname="arm"/>
          <framepos name="eye_place" objtype="camera" objname="eye"/>
          <framelinvel name="tip_speed" objtype="site" objname="tip"/>
          <actuatorfrc name="pull" actuator="yaw"/><torque name="strain" site="tip"/></sensor></mujoco>
        """;

    private const string ArmTask = """
        name: arm
        description: Every kind of entry that is read from the simulation, beside its equal
        model: arm.xml
        substeps: 3
        horizon: 60
        reset: [{position: [yaw, 2], normal: 0.3}, {velocity: fly, normal: 1}]
        observation:
          - {sensor: all}
          - {name: q, position: yaw}
          - {name: v, velocity: yaw}
          - {name: o, position: fly}
          - {name: geom place, point: geom arm}
          - {name: eye place, point: eye}
          - {name: tip velocity, linear_velocity: tip}
          - {activation: all}
          - {actuator_force: [yaw, 1]}
          - {previous_action: all}
          - {time: elapsed}
          - {time: remaining}
          - {phase: 0.1}
          - {name: second, point: geom 3}
          - {name: tip place, point: tip}
        reward: [{quadratic: angle, weight: -0.1}, {quadratic: action, weight: -0.01}]
        """;

    [Test]
    public void Sensors_are_of_the_observed_state_and_times_and_actions_of_the_step()
    {
        using ControlTask task = LoadArm();
        string[] names = [.. task.ObservationNames];
        using var environment = new ControlEnvironment(task);
        double[] previous = [0, 0];
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(1, RandomStream.TestReset, episode);
            previous = [0, 0];
            Compare();
            while (!environment.Done)
            {
                double[] u = Episodes.RandomAction(2, episode, environment.StepIndex);
                environment.Step([u[0], 3 * u[1]]);
                previous = [u[0], Math.Clamp(3 * u[1], -1, 1)];
                Compare();
            }
        }

        void Compare()
        {
            double time = environment.StepIndex * 0.012;
            Assert.That(X("angle"), Is.EqualTo(X("q")));
            Assert.That(X("1"), Is.EqualTo(X("v")));
            // of q and −q MuJoCo gives either
            double sign = X("attitude.qw") < 0 ? -1 : 1;
            foreach (string part in (string[])["qw", "qx", "qy", "qz"])
                Assert.That(sign * X($"attitude.{part}"), Is.EqualTo(X($"o.{part}")).Within(1e-12));
            foreach (string axis in (string[])["x", "y", "z"])
            {
                Assert.That(X($"arm_place.{axis}"), Is.EqualTo(X($"geom place.{axis}")).Within(1e-12));
                Assert.That(X($"eye_place.{axis}"), Is.EqualTo(X($"eye place.{axis}")).Within(1e-12));
                Assert.That(X($"tip_speed.{axis}"), Is.EqualTo(X($"tip velocity.{axis}")).Within(1e-10));
                Assert.That(X($"second.{axis}"), Is.EqualTo(X($"tip place.{axis}")).Within(1e-12));
            }
            Assert.That(X("pull"), Is.EqualTo(previous[0]), "a motor's force is its control");
            Assert.That(X("yaw.force"), Is.EqualTo(previous[0]));
            Assert.That(X("1.force"), Is.EqualTo(2 * X("1.activation")).Within(1e-12));
            Assert.That((X("previous_action.yaw"), X("previous_action.1")), Is.EqualTo((previous[0], previous[1])));
            Assert.That(X("elapsed"), Is.EqualTo(time).Within(1e-12));
            Assert.That(X("remaining"), Is.EqualTo(60 * 0.012 - time).Within(1e-12));
            Assert.That(X("phase.sin"), Is.EqualTo(Math.Sin(2 * Math.PI * time / 0.1)).Within(1e-12));
            Assert.That(X("phase.cos"), Is.EqualTo(Math.Cos(2 * Math.PI * time / 0.1)).Within(1e-12));
        }

        double X(string name) => environment.Observation[Array.IndexOf(names, name)];
    }

    [Test]
    public void A_trajectory_is_the_same_whether_its_sensors_are_observed_or_not()
    {
        string text = File.ReadAllText(Press);
        using var scratch = new ScratchFolder();
        scratch.Write("press.xml", File.ReadAllText(Path.ChangeExtension(Press, ".xml")));
        string plain = string.Join('\n', text.Split('\n').Where(line => !line.Contains("contact"))
            .Where(line => !line.Contains("force") && line is not ("measures:" or "success:")));
        using ControlTask with = ControlTask.Load(Press),
            without = ControlTask.Load(scratch.Write("press.yaml", plain));
        using ControlEnvironment a = new(with), b = new(without);
        double[] seen = new double[a.Data.StateSize], unseen = new double[b.Data.StateSize];
        double most = 0;
        for (ulong episode = 0; episode < 3; episode++)
        {
            a.Reset(1, RandomStream.TestReset, episode);
            b.Reset(1, RandomStream.TestReset, episode);
            while (!a.Done)
            {
                double[] u = [a.StepIndex % 20 < 15 ? -1 : 1];
                a.Step(u);
                b.Step(u);
                a.SaveSimulation(seen);
                b.SaveSimulation(unseen);
                Assert.That(seen.Select(BitConverter.DoubleToInt64Bits),
                    Is.EqualTo(unseen.Select(BitConverter.DoubleToInt64Bits)), $"step {a.StepIndex}");
                most = Math.Max(most, a.Observation[4]);
            }
        }
        Assert.That(most, Is.GreaterThan(3), "N: the finger pressed");
    }

    [TestCase("")]
    [TestCase("algorithm=ddpg")]
    public void It_trains_resumes_bitwise_and_is_evaluated(string algorithm)
    {
        string[] settings = algorithm.Length > 0 ? [algorithm] : [];
        using (TrainingRun run = Begin("straight")) Assert.That(run.Train().Finished);
        TinyRun.TrainPartly(Begin("run"), 3);
        TinyRun.Resume(Folder["run"]);
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--trajectory", Folder["t.csv"]).ExitCode, Is.Zero);

        TrainingRun Begin(string folder) =>
            TrainingRun.Begin(Press, _ => TinyRun.Resolve(5, settings), Folder[folder]);
    }

    [TestCase("train", "--imagination", "fitted")]
    [TestCase("train", "--imagination", "true")]
    [TestCase("train", "--imagination", "network")]
    [TestCase("train", "--imagination", "fitted", "--set", "dynamics_coordinates=observation")]
    [TestCase("train", "--plan", "ilqg")]
    [TestCase("train", "--plan", "mpc")]
    [TestCase("evaluate", "--policy", "mpc", "--episodes", "1")]
    public void Imagination_and_planners_refuse_it_by_name(string command, params string[] more)
    {
        string[] where = command == "train" ? ["--out", Folder["run"], "--episodes", "4"] : [];
        string error = TinyRun.CliError(1, [command, Press, .. where, .. more]);
        Assert.That(error, Does.StartWith("naf: press: the observation reads 'contact', 'press.activation', "
            + "'previous_action.press', 'remaining' from the simulation, and "
            + (more.Contains("mpc") ? "MPC needs" : "imagination and planners need")
            + " a task that follows from positions, velocities and actions: leave that out, or do without"));
        Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(Directory.Exists(Folder["run"]), Is.False, "no run is left behind");
    }

    [Test]
    public void The_check_says_that_the_task_is_model_free()
    {
        (int code, string report, _) = TinyRun.Cli("tasks", "--check", Press);
        Assert.That(code, Is.Zero, report);
        Assert.That(report, Does.Match("sensors +contact, shake").And.Match("contact +sensor")
            .And.Match("remaining +time").And.Match("previous_action\\.press +previous_action")
            .And.Match("press\\.activation +activation"));
        Assert.That(report,
            Does.Match("(?m)^model-free +imagination and planners refuse the task: the observation reads"));
        Assert.That(report, Does.EndWith("nothing found wrong\n"));
        Assert.That(ModelFree(Press), Is.EqualTo("the observation reads 'contact', 'press.activation', "
            + "'previous_action.press', 'remaining' from the simulation"));
        Assert.That(ModelFree("cartpole"), Is.Null);

        static string? ModelFree(string task) => TinyRun.CliJson("tasks", "--check", task, "--episodes", "3", "--json")
            .GetProperty("model_free_reason").GetString();
    }

    [TestCase("{sensor: [contat]}", "the model has no sensor 'contat'; did you mean 'contact'?")]
    [TestCase("{activation: finger}", "the model has no actuator with an activation 'finger'; known: press")]
    [TestCase("{previous_action: pres}", "the model has no actuator 'pres'; did you mean 'press'?")]
    [TestCase("{position: finger, name: y, log1p: true}", "'log1p' has no meaning here: only a 'sensor' may have it")]
    [TestCase("{sensor: shake, log1p: 2}", "'log1p' expects true, or is left out")]
    [TestCase("{sensor: shake, clip: 2}", "'clip' expects a pair [low, high]")]
    [TestCase("{time: left}", "'time' expects elapsed or remaining, not 'left'")]
    [TestCase("{phase: -1}", "'phase' expects a period above 0, in seconds")]
    [TestCase("{sensor: contact}\n  - {sensor: contact}", "the entry 'contact' is there already")]
    [TestCase("{sensor: all, name: x}", "'name' fits one entry, and 'sensor' makes several here")]
    [TestCase("{sensor: shake, frame: finger}", "only a vector in the world has a frame, and 'sensor' is none")]
    [TestCase("{point: geom fingertop}", "has a site, body, geom, camera or constant 'geom fingertop'")]
    public void Faults_are_told(string entry, string words)
    {
        using var scratch = new ScratchFolder();
        scratch.Write("press.xml", File.ReadAllText(Path.ChangeExtension(Press, ".xml")));
        string path = scratch.Write("press.yaml", File.ReadAllText(Press).Replace(
            "- {sensor: contact, input_scale: 0.2}", $"- {{position: plate, name: other}}\n  - {entry}"));
        Assert.That(() => ControlTask.Load(path), Throws.TypeOf<TaskFormatException>().With.Message.Contains(words));
    }

    [Test]
    public void Signals_are_read_from_the_simulation_before_and_after_the_step()
    {
        using ControlTask task = LoadArm("reward: [{quadratic: angle, weight: -0.1}, ", """
            signals: [{sensor: strain, name: load}, {time: elapsed, name: t}]
            reward: [{linear: [after.load.x, load.y, rate.load.z, rate.t], weight: 1},
            """);
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.TestReset, 0);
        int strain = task.ObservationNames.ToList().IndexOf("strain.x");
        while (!environment.Done)
        {
            double[] before = environment.Observation.Slice(strain, 3).ToArray();
            double[] u = Episodes.RandomAction(2, 0, environment.StepIndex);
            double reward = environment.Step(u).Reward + 0.01 * (u[0] * u[0] + u[1] * u[1]);
            ReadOnlySpan<double> after = environment.Observation.Slice(strain, 3);
            double expected = after[0] + before[1] + (after[2] - before[2]) / task.ControlStep + 1;
            Assert.That(reward, Is.EqualTo(expected).Within(1e-9 * (1 + Math.Abs(expected))));
        }
    }

    [Test]
    public void An_observation_may_be_clipped_and_a_sensors_logarithm_observed()
    {
        using ControlTask plain = LoadArm(), task = LoadArm("- {activation: all}",
            "- {velocity: fly, name: slow, clip: [-0.5, inf]}\n  - {sensor: attitude, name: log, log1p: true}\n"
            + "  - {activation: all}");
        Assert.That(task.ModelFreeReason, Does.Contain("the observation of 'slow.rx' has the key clip"));
        using ControlEnvironment all = new(plain), limited = new(task);
        all.Reset(1, RandomStream.TestReset, 0);
        limited.Reset(1, RandomStream.TestReset, 0);
        List<string> names = [.. task.ObservationNames], of = [.. plain.ObservationNames];
        bool clipped = false;
        while (!all.Done)
        {
            double[] u = Episodes.RandomAction(2, 0, all.StepIndex);
            Assert.That(limited.Step(u), Is.EqualTo(all.Step(u)));
            foreach (string part in (string[])["rx", "ry", "rz"])
            {
                double v = all.Qvel[task.Definition.Observation.Tree.Joints[
                    task.Definition.Observation.Tree.FindJoint("fly")].DofAddress + 3 + "xyz".IndexOf(part[1])];
                Assert.That(limited.Observation[names.IndexOf($"slow.{part}")], Is.EqualTo(Math.Max(v, -0.5)));
                clipped |= v < -0.5;
            }
            foreach (string part in (string[])["qw", "qx", "qy", "qz"])
                Assert.That(limited.Observation[names.IndexOf($"log.{part}")],
                    Is.EqualTo(Math.Log(1 + all.Observation[of.IndexOf($"attitude.{part}")])).Within(1e-12));
        }
        Assert.That(clipped, "some speed is beyond the bound");
    }

    [Test]
    public void The_previous_action_is_the_one_that_a_rate_limit_left()
    {
        using ControlTask task = LoadArm("reward: [{quadratic: angle, weight: -0.1},", """
            actions: {rate_limit: 0.25}
            reward: [{quadratic: action_rate, weight: -1}, {linear: after.angle, weight: 1},
            """);
        Assert.That(task.ModelFreeReason, Does.StartWith("the observation reads 'angle', ")
            .And.Contain("from the simulation, and the reward has terms of the step, such as quadratic of action_rate")
            .And.EndWith(", and the actions have a rate_limit"));
        List<string> names = [.. task.ObservationNames];
        int seen = names.IndexOf("previous_action.yaw"), angle = names.IndexOf("angle");
        double[][] asked = [[1, -0.125], [1, 1], [-1, 1]], applied = [[0.25, -0.125], [0.5, 0.125], [0.25, 0.375]];
        using ControlEnvironment one = new(task), other = new(task);
        one.Reset(1, RandomStream.TestReset, 0);
        double[] state = new double[one.StateSize], last = [0, 0];
        for (int step = 0; step < asked.Length; step++)
        {
            double[] u = applied[step];
            double reward = one.Step(asked[step]).Reward;
            Assert.That(one.Observation[seen..(seen + 2)].ToArray(), Is.EqualTo(u));
            Assert.That(reward, Is.EqualTo(one.Observation[angle] - 0.01 * u.Sum(a => a * a)
                - u.Zip(last, (a, b) => (a - b) * (a - b)).Sum()).Within(1e-12));
            last = u;
        }
        one.SaveState(state);
        other.Reset(1, RandomStream.TestReset, 1);
        other.RestoreState(state);
        Assert.That(other.Observation.ToArray(), Is.EqualTo(one.Observation.ToArray()));
        Assert.That(other.Step([-1, -1]), Is.EqualTo(one.Step([-1, -1])));
    }

    [Test]
    public void A_camera_that_tracks_its_body_is_no_place()
    {
        Assert.That(() => LoadArm("point: eye}", "point: chase}"), Throws.TypeOf<TaskFormatException>()
            .With.Message.Contains("'chase' is a camera that tracks a body"));
    }

    [Test]
    public void Forces_are_updated_without_a_change_to_the_state()
    {
        using MujocoData data = Simulate(Arm);
        data.Ctrl[0] = 0.7;
        data.Step(40);
        long[] before = Bits(data);
        double[] late = data.SensorData.ToArray();
        data.Forward();
        Assert.That(Bits(data), Is.EqualTo(before));
        Assert.That(data.SensorData[0], Is.EqualTo(data.Qpos[7]).And.Not.EqualTo(late[0]));
        Assert.That(data.ActuatorForce[0], Is.EqualTo(0.7));
    }

    private static ControlTask LoadArm(string old = "", string replacement = "")
    {
        using var scratch = new ScratchFolder();
        scratch.Write("arm.xml", Arm);
        return ControlTask.Load(
            scratch.Write("arm.yaml", old.Length > 0 ? ArmTask.Replace(old, replacement) : ArmTask));
    }
}
